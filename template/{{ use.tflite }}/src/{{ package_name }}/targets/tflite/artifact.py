"""What every framework's export shares: rows to calibrate with, and the files as they ship."""

from pathlib import Path

import numpy as np

from ... import data, project
from ...runs import Run
from .. import Exported
from ...manifest import Tensor
from . import flatfile, metadata

SOURCE, ANSWER = "images", "probabilities"
CALIBRATION_ROWS = 500  # more of them change the ranges little and take longer


def calibration(run: Run) -> np.ndarray:
    """Return training inputs [rows, ...], spread evenly, to find the ranges of int8 with."""
    inputs = data.load(run.config.data).train.inputs
    chosen = np.linspace(0, len(inputs) - 1, min(CALIBRATION_ROWS, len(inputs))).astype(int)
    return np.asarray(inputs[chosen])


def finish(run: Run, folder: Path, models: dict[str, bytes]) -> Exported:
    """Write every model, by its precision, with its names, its metadata and its labels."""
    card, about = run.card(), project.project()
    shape, classes = card["input_shape"], card["classes"]
    described, files = metadata.pack(about.title, about.licence, classes, shape)
    operators: dict[str, dict[str, int]] = {}
    for precision, model in models.items():
        operators[precision] = flatfile.count_operators(model)
        content = flatfile.dress(model, SOURCE, ANSWER, described, files)
        (folder / f"{precision}.tflite").write_bytes(content)
    return Exported(
        # The runtime takes any number of inputs; a file takes one at a time.
        inputs=(Tensor(SOURCE, "float32", (None, *shape)),),
        outputs=(Tensor(ANSWER, "float32", (None, len(classes))),),
        models={precision: f"{precision}.tflite" for precision in models},
        details={
            "layout": "NHWC",
            "batch": 1,
            "calibration_rows": min(CALIBRATION_ROWS, card["data"]["train"]),
            "operators": operators,
        },
    )
