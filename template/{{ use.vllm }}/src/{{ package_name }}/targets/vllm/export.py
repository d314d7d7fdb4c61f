"""A run as the folder that vLLM serves: the whole model, an adapter merged into its base."""

from pathlib import Path

from ...merged import write_merged
from ...runs import Run
from .. import Exported


def export(run: Run, folder: Path, precision: str) -> Exported:
    """Write the whole model in a precision."""
    write_merged(run, folder / "model", precision)
    file = next(folder.glob("model/model*.safetensors")).relative_to(folder)
    return Exported(models={precision: file.as_posix()})
