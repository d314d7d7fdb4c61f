"""The sketches of a run in its report."""

from ..runs import Run
from ..sketches import FOLDER
from .elements import Figure, Tile


def show_sketches(run: Run) -> list[Figure]:
    """Show what the network answered over the training; nothing where nothing was drawn."""
    files = sorted((run.path / FOLDER).glob("step-*.png"))
    if not files:
        return []
    tiles = []
    for file in files:
        words = f"step {int(file.stem.removeprefix('step-')):,}"
        tiles.append(Tile(file.read_bytes(), f"Answers after {words}", (words,)))
    title, alt = "Answers over the training", "; ".join(tile.alt for tile in tiles)
    caption = "What the network answered at some checkpoints, always for the same inputs."
    return [Figure("sketches", title, caption, alt, tiles[-1].png, b"", tuple(tiles), wide=True)]
