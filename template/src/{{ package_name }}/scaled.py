"""Models that compute in few bits: where a task asks for it, they are scaled outside.

A task that has `scaling.py` scales each input by itself, inside its networks. In float16 or int8
nothing would be left of large numbers that differ little, so there the model gets scaled inputs and
gives scaled outputs, and the runtime does the rest. The manifest says so for each precision, and
the public signature stays what it is. `scaling.py` has `before(inputs, facts)`, which returns the
scaled inputs, and `after(outputs, inputs, facts)`, which scales outputs back.
"""

import importlib
import importlib.util
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .manifest import Manifest
from .signature import Batch, Predict

FEW_BITS = ("float16", "int8")


def task_scaling() -> Any | None:
    """Import the task's `scaling.py`, where it has one."""
    name = f"{__package__}.scaling"
    return importlib.import_module(name) if importlib.util.find_spec(name) else None


def is_outside(precision: str) -> bool:
    """Say whether models of a precision are scaled outside."""
    return precision in FEW_BITS and task_scaling() is not None


def describe(precision: str) -> str:
    """Say where models of a precision are scaled, as the manifest does."""
    return "outside" if is_outside(precision) else "inside"


def before(batches: Iterable[Batch], facts: Mapping[str, Any]) -> Iterator[Batch]:
    """Scale inputs as the model takes them that is scaled outside."""
    scaling: Any = task_scaling()
    for batch in batches:
        yield scaling.before(batch, facts)


def around(predict: Predict, manifest: Manifest, precision: str) -> Predict:
    """Scale inputs and outputs around a loaded model, where its manifest says so."""
    if manifest.models[precision].get("scaling") != "outside":
        return predict
    return Around(predict, manifest.facts)


class Around:
    """A model that is scaled outside, as a function from raw inputs to raw outputs."""

    def __init__(self, predict: Predict, facts: Mapping[str, Any]) -> None:
        self.predict, self.facts = predict, facts
        self.scaling: Any = task_scaling()

    def __call__(self, batch: Batch) -> Batch:
        """Scale, compute, scale back."""
        found = self.predict(self.scaling.before(batch, self.facts))
        scaled_back: Batch = self.scaling.after(found, batch, self.facts)
        return scaled_back

    @property
    def median_ms(self) -> float | None:
        """Milliseconds for one row, where the engine has measured them itself."""
        own: float | None = getattr(self.predict, "median_ms", None)
        return own

    def close(self) -> None:
        """Close the engine, where it holds something open."""
        getattr(self.predict, "close", lambda: None)()
