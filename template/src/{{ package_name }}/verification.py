"""The proof that an artifact is the trained model, in the runtime that it was made for.

Its outputs for the golden rows are compared with the trained model's own, which were written down
at the end of the training; the target's own runtime is then measured on the whole test split. No
framework is needed.
"""

import functools
import statistics
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from . import answers, metrics
from .errors import OutOfToleranceError
from .manifest import Manifest
from .runs import Run
from .signature import Batch, Predict, Tensor, concatenate, count
from .targets import Limits, opened

TIMED_CALLS = 30
SEVERAL = 10  # times the error of one call may be that of an answer of several


def verify(folder: Path, manifest: Manifest, run: Run, target: Any, runtime: Any) -> dict[str, Any]:
    """Run every precision and every engine of an artifact against the trained model.

    `target` and `runtime` are the target's modules. Returns what was measured, by precision or
    engine. Raises OutOfToleranceError for the first that is not within its limits.
    """
    dataset, golden = run.dataset(), run.golden()
    trained = run.card()["test"]
    found: dict[str, dict[str, Any]] = {}

    def measure(
        name: str, loader: Callable[[], Predict], precision: str, first: bool = True
    ) -> None:
        print(f"comparing {name}", file=sys.stderr)
        limits: Limits = target.LIMITS[precision]
        with opened(loader) as predict:
            answered = answers.error_of_cases(predict, folder, manifest.signature, dataset.facts)
            measured = compare(predict, manifest, golden, limits) | answered
            # In plain JavaScript, or in a browser that computes in software, a large network's test
            # split may take an hour: beside the first engine, the rows that are compared will do.
            on_test, test = first or not getattr(predict, "is_slow", False), trained
            if on_test:
                test = metrics.evaluate(predict, dataset.test, run.config, dataset.facts)
        check(f"{target.ENGINE}, {name},", measured, limits, metrics.degradation(trained, test))
        size = manifest.bytes(precision)
        found[name] = {"bytes": size} | measured | {"test": test if on_test else {}}

    for precision in manifest.models:
        measure(precision, functools.partial(runtime.load, folder, manifest, precision), precision)
    for name, loader in getattr(runtime, "others", lambda *_: {})(folder, manifest).items():
        measure(name, loader, manifest.precision, first=False)
    return found


def compare(
    predict: Predict, manifest: Manifest, golden: tuple[Batch, Batch], limits: Limits
) -> dict[str, Any]:
    """Measure how far outputs for the golden rows are from the trained model's.

    Batches of one, three and the rest prove that the batch size is free. Returns `max_abs_error`
    over all outputs, `agreement` for classes and flags, `relative_error` for other numbers, and
    the `tolerance` for the error that counts. Raises OutOfToleranceError for outputs of other
    names or shapes, or that are no numbers.
    """
    inputs, expected = golden
    ends = [0, 1, 4, count(inputs)]
    parts = [
        {name: array[first:last] for name, array in inputs.items()}
        for first, last in pairwise(ends)
        if first < min(last, count(inputs))
    ]
    outputs = concatenate([predict(part) for part in parts])
    measured: dict[str, Any] = {}
    for tensor in manifest.signature.outputs:
        found = outputs.get(tensor.name, np.zeros(0))
        for name, value in differences(tensor, expected[tensor.name], found).items():
            worse = min if name == "agreement" else max
            measured[name] = worse(measured.get(name, value), value)
    by_value = "relative_error" in measured and "probability_error" not in measured
    measured["tolerance"] = limits.relative if by_value else limits.probability
    measured["median_ms"] = median_ms(predict, parts[0])
    return measured


def differences(tensor: Tensor, expected: np.ndarray, found: np.ndarray) -> dict[str, float]:
    """Compare one output with what is expected, by what its values mean."""
    if found.shape != expected.shape or not np.isfinite(found).all():
        raise OutOfToleranceError(
            f"the exported model gives {found.shape} values for {tensor.name}, some of them no"
            f" numbers, instead of {expected.shape}"
        )
    error = float(np.abs(found.astype(np.float64) - expected).max(initial=0))
    if tensor.content == "classes":
        agreement = float((found.argmax(-1) == expected.argmax(-1)).mean())
        return {"max_abs_error": error, "probability_error": error, "agreement": agreement}
    if tensor.dtype == "bool":
        return {"max_abs_error": error, "agreement": float((found == expected).mean())}
    scale = float(np.abs(expected).max(initial=1e-30))
    return {"max_abs_error": error, "relative_error": error / scale}


def median_ms(predict: Predict, one: Batch) -> float:
    """Measure one answer for one row, in milliseconds; an engine may have done so itself."""
    own: float | None = getattr(predict, "median_ms", None)
    if own is not None:
        return round(own, 4)
    seconds = []
    for _ in range(TIMED_CALLS):
        start = time.perf_counter()
        predict(one)
        seconds.append(time.perf_counter() - start)
    return round(1000 * statistics.median(seconds), 4)


def check(name: str, measured: dict[str, Any], limits: Limits, degradation: float) -> None:
    """Hold what was measured against the limits, and say that it keeps to them.

    Raises OutOfToleranceError when the artifact's answers are not the trained model's.
    """
    errors = (
        ("probability_error", "the largest error is", limits.probability),
        (
            "relative_error",
            "the largest error, relative to the outputs' scale, is",
            limits.relative,
        ),
        ("answer_error", "the largest error of a whole answer is", SEVERAL * limits.relative),
    )
    kept, differs = [], f"{name} does not give the trained model's answers:"
    for key, words, most in errors:
        if key in measured:
            told = f"{words} {measured[key]:.1e} (at most {most:.0e})"
            if measured[key] > most:
                raise OutOfToleranceError(f"{differs} {told}")
            kept.append(told)
    if "agreement" in measured:
        told = f"{measured['agreement']:.2%} of them agree (at least {limits.agreement:.0%})"
        if measured["agreement"] < limits.agreement:
            raise OutOfToleranceError(f"{differs} {told}")
        kept.append(told)
    if degradation > limits.degradation:
        raise OutOfToleranceError(
            f"{name} is {degradation:.1%} worse than the trained model on the test split"
            f" (at most {limits.degradation:.0%})"
        )
    print(f"{name} gives the trained model's answers: {'; '.join(kept)}", file=sys.stderr)
    measured.pop("probability_error", None)  # it is what `max_abs_error` says
