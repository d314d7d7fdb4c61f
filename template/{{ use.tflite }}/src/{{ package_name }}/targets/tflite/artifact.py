"""What every framework's export shares: the files as they ship, and what is said about them."""

from pathlib import Path

from ... import project
from ...export import CALIBRATION_ROWS
from ...runs import Run
from .. import Exported
from . import flatfile


def finish(run: Run, folder: Path, models: dict[str, bytes]) -> Exported:
    """Write every model, by its precision, with the task's metadata where it has any."""
    about, described = project.project(), flatfile.task_metadata()
    metadata, files = b"", {}
    if described:
        metadata, files = described.pack(about.title, about.licence, run.signature())
    for precision, model in models.items():
        content = flatfile.pack(model, metadata, files)
        (folder / f"{precision}.tflite").write_bytes(content)
    return Exported(
        models={precision: f"{precision}.tflite" for precision in models},
        details={
            "batch": 1,  # the runtime takes any number of rows; a file takes one at a time
            "calibration_rows": min(CALIBRATION_ROWS, run.card()["data"]["train"]),
            "operators": {name: flatfile.count_operators(each) for name, each in models.items()},
        },
    )
