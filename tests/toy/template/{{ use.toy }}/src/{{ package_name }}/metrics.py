"""How good the answers are: NumPy in, numbers out."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .config import Config
from .data import signature
from .dataset import Dataset, Split, iterate
from .signature import Predict

Figures = dict[str, float]


def evaluate(model: Predict, split: Split, settings: Config, facts: Mapping[str, Any]) -> Figures:
    """Measure the prices' root mean square error, and the share of right answers on express."""
    squares, right = 0.0, 0
    for batch in iterate(split, signature(facts)):
        found = model(batch)
        squares += float(((found["price"].astype(np.float64) - batch["price"]) ** 2).sum())
        right += int((found["express"] == batch["express"]).sum())
    return {"rmse": float(np.sqrt(squares / len(split))), "express": right / len(split)}


def monitor(facts: Mapping[str, Any]) -> tuple[str, str]:
    """Name the metric that decides which checkpoint is the best, and where it is better."""
    return "rmse", "min"


def degradation(trained: Figures, found: Figures) -> float:
    """Say how much worse an exported model is: the share of right answers lost, 0 to 1."""
    return trained["express"] - found["express"]


def remarks(
    test: Mapping[str, float],
    baselines: Mapping[str, Mapping[str, float]],
    facts: Mapping[str, Any],
) -> list[str]:
    """Say nothing more about results than what is said of every task's."""
    return []


def baselines(dataset: Dataset) -> dict[str, Figures]:
    """Measure what the mean price reaches on the test split."""
    mean = dataset.facts["price"][0]

    def always_the_mean(batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        shape = batch["price"].shape
        return {"price": np.full(shape, mean, np.float32), "express": np.zeros(shape, np.bool_)}

    return {"mean": evaluate(always_the_mean, dataset.test, Config(), dataset.facts)}
