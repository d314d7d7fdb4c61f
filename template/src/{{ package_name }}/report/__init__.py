"""The report on a run: one HTML page that needs nothing beside it, and its figures as PNG files.

All of it is the same for every task, except `results.py`, which a task brings with it:

- `headline(card)`                the results for the top of the page: what, how much, and a note
- `results(model, split, facts)`  figures and tables of a split's results, in the page's order
- `intended_use(card)`            what the model is for, in sentences
- `limits(card, settings)`        what it cannot do, and what its results do not tell
- `TOGETHER`, `NOTES`             which metrics share a curve, and what to say below a curve

`card` is model/model.json. `results` gets the trained model as a function, and a split that may be
too large for the memory: it reads it with `dataset.iterate` and keeps what it needs.
"""

from pathlib import Path

from ..errors import UserError
from ..project import project
from ..runs import Run
from ..storage import write_atomic
from . import card as model_card
from . import page, results
from .artifacts import artifact_table
from .card import Card
from .curves import draw_curves
from .elements import Figure, Table
from .sketches import show_sketches


def write(run: Run) -> Path:
    """Write `runs/<name>/report.html` and `plots/*.png`; returns the path of the page.

    A run that was interrupted, or whose data have changed since, gets a page that says so.
    Raises UserError when the folder cannot be written.
    """
    html, drawn = build(run)
    path = run.path / "report.html"
    try:
        (run.path / "plots").mkdir(exist_ok=True)
        for item in drawn:
            write_atomic(run.path / "plots" / f"{item.name}.png", item.png)
        # A file name may hold bytes that are no text; the page shows a question mark for them.
        write_atomic(path, html.encode("utf-8", "replace"))
    except OSError as error:
        raise UserError(f"the report cannot be written: {error}") from error
    return path


def build(run: Run) -> tuple[str, list[Figure]]:
    """Compose the page; returns it with the figures on it."""
    notices: list[str] = []
    card: Card = {}
    found: list[Figure | Table] = []
    try:
        card = model_card.read(run)
        notices += [f"{text[0].upper()}{text[1:]}." for text in card["verdict"]]
        found = find_results(run, card)
    except UserError as error:
        missing = "does not show how the model answers" if card else "shows no results"
        notices.append(f"This page {missing}: {error}.")
    followed = draw_curves(run.metrics(), results.TOGETHER, results.NOTES)
    sketches = show_sketches(run)
    if not followed:
        notices.append("There are no training curves: metrics.jsonl has no lines to draw.")
    about = project()
    sections = {
        "Results": page.shown([model_card.comparison(card), *found]) if card else "",
        "Training": page.facts(model_card.training(card, run)) + page.shown([*followed, *sketches]),
        **(about_model(card, run) if card else {}),
        "Settings": page.shown([model_card.settings(run)]),
        "Project": page.facts(model_card.origin(about, card)),
    }
    numbers = model_card.headline(card) if card else []
    html = page.compose(about.title, about.summary, run.name, notices, numbers, sections)
    return html, [item for item in [*found, *followed, *sketches] if isinstance(item, Figure)]


def find_results(run: Run, card: Card) -> list[Figure | Table]:
    """Let the trained model answer for the test split.

    Raises UserError when the data have changed, or when the weights cannot be used.
    """
    from .. import inference  # the training framework takes seconds to import

    split = run.dataset().test
    return results.results(inference.load(run), split, card["facts"])


def about_model(card: Card, run: Run) -> dict[str, str]:
    """Write the sections that there are for a trained model only."""
    intended_use = page.names("Intended use", results.intended_use(card))
    skipped = page.names("Skipped", model_card.skipped(card))
    noted = page.names("Noted", model_card.notes(card))
    return {
        "Model": page.facts(model_card.model(card)),
        "Data": page.facts(model_card.data(card)) + skipped + noted,
        "Sizes": page.shown([artifact_table(card, run)]),
        "Use and limits": intended_use + page.names("Limits", results.limits(card, run.config)),
    }
