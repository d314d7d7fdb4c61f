"""An answer takes one call of the model, or as many as the task says.

`predictions.py` may have `compute(model, inputs, facts)`, which makes outputs of the inputs from
`decode`, `cases` and the command line by several calls; without it, there is one.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from . import predictions
from .errors import OutOfToleranceError
from .signature import Batch, Predict, Signature

CASES = "cases.json"
OWN: Callable[[Predict, Batch, Mapping[str, Any]], Batch] | None = getattr(
    predictions, "compute", None
)
SEVERAL_CALLS = OWN is not None
CHECK: Callable[[Predict, Mapping[str, Any]], None] | None = getattr(
    predictions, "check_artifact", None
)


def compute(model: Predict, inputs: Batch, signature: Signature, facts: Mapping[str, Any]) -> Batch:
    """Compute the outputs that `encode` takes; `inputs` may have more than the model's."""
    if OWN is not None:
        return OWN(model, inputs, facts)
    return model(signature.only_inputs(inputs))


def error_of_cases(
    model: Predict, folder: Path, signature: Signature, facts: Mapping[str, Any]
) -> dict[str, float]:
    """Compare answers of several calls with the trained model's, in an artifact's cases.json.

    Returns the largest difference as `answer_error`, or of answers in whole numbers the share that
    is equal as `agreement`; nothing where one call makes an answer. Where an artifact prepares
    inputs by itself, `check_artifact(model, facts)` of predictions.py looks at that first.
    """
    if CHECK is not None:
        CHECK(model, facts)
    if not SEVERAL_CALLS:
        return {}
    given, inputs = predictions.cases(facts)
    if not given:  # as there may be none, there is no file of them
        return {}
    expected = [case["outputs"] for case in json.loads((folder / CASES).read_bytes())]
    found = compute(model, inputs, signature, facts)
    worst = 0.0
    for name, array in found.items():
        wanted = np.array([case[name] for case in expected], array.dtype)
        if wanted.shape != array.shape or not np.isfinite(array).all():
            raise OutOfToleranceError(f"the exported model's answers have no numbers as {name}")
        if array.dtype.kind == "i":
            return {"agreement": float((array == wanted).all(1).mean())}
        worst = max(worst, float(np.abs(array - wanted).max(initial=0)))
    return {"answer_error": worst}
