"""The proof that an artifact is the trained model: its answers on the test split, in its engine.

The trained model's outputs were written down at the end of its training, so no framework is needed.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import metrics
from ..data import Split
from ..errors import OutOfToleranceError
from ..runs import Run
from .limits import Limits

Predict = Callable[[np.ndarray], np.ndarray]
"""A model as a function: inputs [n, ...] to outputs [n, ...]."""

TIMED_CALLS = 30


def compare(predict: Predict, run: Run, test: Split) -> dict[str, Any]:
    """Measure how far an artifact's outputs on the test split are from the trained model's.

    Batches of one, three and the rest prove that the batch size is free.
    Raises OutOfToleranceError for outputs of another shape, or that are no numbers.
    """
    expected = run.test_outputs()
    parts = [test.inputs[:1], test.inputs[1:4], test.inputs[4:]]
    outputs = np.concatenate([predict(part) for part in parts if len(part)])
    if outputs.shape != expected.shape or not np.isfinite(outputs).all():
        raise OutOfToleranceError(
            f"the exported model gives {outputs.shape} values, some of them not numbers,"
            f" instead of {expected.shape}"
        )
    return {
        "max_abs_error": float(np.abs(outputs - expected).max()),
        "agreement": metrics.agreement(expected, outputs),
        "median_ms": median_ms(predict, test.inputs[:1]),
        "test": metrics.evaluate(outputs, test.targets),
    }


def median_ms(predict: Predict, one: np.ndarray) -> float:
    """Measure one answer for one input, in milliseconds; an engine may have done so itself."""
    own: float | None = getattr(predict, "median_ms", None)
    if own is not None:
        return round(own, 4)
    seconds = []
    for _ in range(TIMED_CALLS):
        start = time.perf_counter()
        predict(one)
        seconds.append(time.perf_counter() - start)
    return round(1000 * statistics.median(seconds), 4)


def demand(name: str, found: dict[str, Any], limits: Limits, trained: dict[str, float]) -> None:
    """Hold what was measured against what is asked, and note the tolerance beside it.

    Raises OutOfToleranceError when the artifact's answers are not the trained model's.
    """
    found["tolerance"] = limits.tolerance
    lost = trained["accuracy"] - found["test"]["accuracy"] if "accuracy" in trained else 0.0
    if found["max_abs_error"] > limits.tolerance or found["agreement"] < limits.agreement:
        raise OutOfToleranceError(
            f"{name} does not give the trained model's answers: the largest error is"
            f" {found['max_abs_error']:.1e} (at most {limits.tolerance:.0e}), and"
            f" {found['agreement']:.2%} of the answers agree (at least {limits.agreement:.0%})"
        )
    if lost > limits.accuracy_loss:
        raise OutOfToleranceError(
            f"{name} loses {100 * lost:.1f} points of the trained model's accuracy"
            f" (at most {100 * limits.accuracy_loss:.0f})"
        )
