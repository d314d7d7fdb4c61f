"""Histories scaled before a model, and forecasts scaled back after it; no more than NumPy.

Networks do the same inside, in float32. A model that computes in fewer bits gets its inputs scaled:
of a history between 10,000 and 10,200, whole numbers of 8 bits would see nothing.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .signature import Batch

MOST = 80.0  # of a logarithm: exp of it is still a float32


def measure(history: np.ndarray, facts: Mapping[str, Any]) -> tuple[np.ndarray, ...]:
    """Return the history, or its logarithm, with its mean and its spread, each [n, 1]."""
    values = history.astype(np.float64)
    if facts["log"]:
        values = np.log(np.maximum(values, facts["scale"]["floor"]))
    level = values.mean(axis=1, keepdims=True)
    variance = np.square(values - level).mean(axis=1, keepdims=True)
    return values, level, np.sqrt(variance + facts["scale"]["least"] ** 2)


def before(inputs: Batch, facts: Mapping[str, Any]) -> Batch:
    """Scale the histories; further inputs are scaled already."""
    values, level, spread = measure(inputs["history"], facts)
    return inputs | {"history": ((values - level) / spread).astype(np.float32)}


def after(outputs: Batch, inputs: Batch, facts: Mapping[str, Any]) -> Batch:
    """Scale forecasts back, [n, horizon, 3]; `inputs` are those before the scaling."""
    _, level, spread = measure(inputs["history"], facts)
    found = outputs["quantiles"] * spread[:, :, None] + level[:, :, None]
    if facts["log"]:
        found = np.exp(np.clip(found, -MOST, MOST))
    return {"quantiles": found.astype(np.float32)}
