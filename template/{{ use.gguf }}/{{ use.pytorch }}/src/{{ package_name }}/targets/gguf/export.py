"""Write a run as GGUF: the merged model's folder first, and the file from that."""

import tempfile
from pathlib import Path

from ...chat_model import details
from ...merged import write_merged
from ...project import project
from ...runs import Run
from .. import Exported
from .writing import write

FILE = "model.gguf"


def export(run: Run, folder: Path, precision: str, context: int = 0) -> Exported:
    """Write the model in a precision; UserError for a kind of network that is not written here."""
    facts = run.card()["facts"]
    with tempfile.TemporaryDirectory(prefix=".merged-", dir=folder.parent) as place:
        merged = Path(place)
        write_merged(run, merged)
        about = details(merged, facts, context)
        name = project().name
        written = write(merged, folder / FILE, precision, name, facts["stop"])
    return Exported({precision: FILE}, about | {"composes": written.composes})
