"""A run as folders for Transformers: `merged`, and `adapter` where one was trained."""

from pathlib import Path

from ...merged import has_adapter, write_adapter, write_merged
from ...runs import Run
from .. import Exported
from .card import write_card


def export(run: Run, folder: Path, precision: str) -> Exported:
    """Write the whole model in a precision, and its adapter; each with a card for the Hub."""
    write_merged(run, folder / "merged", precision)
    write_card(run, folder / "merged", adapter=False)
    if has_adapter(run):
        write_adapter(run, folder / "adapter")
        write_card(run, folder / "adapter", adapter=True)
    file = next(folder.glob("merged/model*.safetensors")).relative_to(folder)
    return Exported(models={precision: file.as_posix()})
