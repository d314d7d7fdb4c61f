"""How good the answers are: NumPy in, numbers out."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .config import Config
from .data import signature
from .dataset import Dataset, Split, iterate
from .errors import UserError
from .scores import macro_f1, unbalanced
from .signature import Predict
from .task import TrainSettings

SMALLEST = 1e-12  # probability that counts in the log loss, which would be infinite at 0

Figures = dict[str, float]


def evaluate(model: Predict, split: Split, settings: Config, facts: Mapping[str, Any]) -> Figures:
    """Measure a model on a split, which is read a piece at a time.

    Returns accuracy and macro_f1 (0 to 1), and log_loss (nats, the mean of -log p of the true
    class). UserError for a split without images.
    """
    if not len(split):
        raise UserError("there are no images to measure the model on")
    loss, classes = 0.0, len(facts["classes"])
    counts = np.zeros((classes, classes), np.int64)  # [true class, answered class]
    for batch in iterate(split, signature(facts)):
        probabilities, labels = model(batch)["probabilities"], batch["labels"]
        truth = probabilities[np.arange(len(labels)), labels].astype(np.float64)
        loss -= float(np.log(np.maximum(truth, SMALLEST)).sum())
        np.add.at(counts, (labels, probabilities.argmax(1)), 1)
    accuracy = int(counts.trace()) / len(split)
    return {"accuracy": accuracy, "macro_f1": macro_f1(counts), "log_loss": loss / len(split)}


def monitor(facts: Mapping[str, Any]) -> tuple[str, str]:
    """Name the metric that decides which checkpoint is the best, and where it is better."""
    return "log_loss", "min"


def judged_by(settings: TrainSettings, facts: Mapping[str, Any]) -> tuple[str, str]:
    """Name the metric of the verdict: `class_weights` move the probabilities of `monitor`'s."""
    return ("macro_f1", "max") if settings.class_weights == "balanced" else monitor(facts)


def degradation(trained: Figures, found: Figures) -> float:
    """Say how much worse an exported model is than the trained one: accuracy lost, 0 to 1."""
    return trained["accuracy"] - found["accuracy"]


def remarks(
    test: Mapping[str, float],
    baselines: Mapping[str, Mapping[str, float]],
    facts: Mapping[str, Any],
) -> list[str]:
    """Say what is to be said about results, beside what is said of every task's."""
    return unbalanced(test, facts["counts"])


def baselines(dataset: Dataset) -> dict[str, Figures]:
    """Measure what an answer without looking reaches on the test split, by its name."""
    counts = np.array(dataset.facts["counts"])
    shares = np.maximum(counts / counts.sum(), SMALLEST).astype(np.float32)

    def always_the_same(batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {"probabilities": np.tile(shares, (len(batch["labels"]), 1))}

    found = evaluate(always_the_same, dataset.test, Config(), dataset.facts)
    return {"most frequent class": found}
