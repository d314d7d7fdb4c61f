"""The model card of image classification: results in tables, and what they do not say."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..data import Dataset
from ..metrics import confusion
from .exhibits import Table

Z = 1.959964  # 95 % of a normal distribution lie within this many standard deviations


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Return the 95 % Wilson interval of a share, hits of n, n at least 1.

    Unlike p ± 1.96 standard errors it holds near 0 and 1 and for few samples. Source: E. B. Wilson
    (1927), Probable Inference, the Law of Succession, and Statistical Inference, JASA 22:209-212.
    """
    p = hits / n
    middle = p + Z**2 / (2 * n)
    spread = Z * math.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
    scale = 1 + Z**2 / n
    return max((middle - spread) / scale, 0.0), min((middle + spread) / scale, 1.0)


def percent(share: float) -> str:
    """Write a share of 1 as a percentage, never rounded to all or to nothing."""
    text = f"{share * 100:.1f} %"
    if text == "100.0 %" and share < 1:
        return "> 99.9 %"
    if text == "0.0 %" and share > 0:
        return "< 0.1 %"
    return text


def interval(hits: int, n: int) -> str:
    """Write the 95 % interval of a share; a dash where there is nothing to judge by."""
    if not n:
        return "–"
    low, high = wilson(hits, n)
    return f"{low * 100:.1f} to {high * 100:.1f} %"


def headline(card: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return the results for the top of the page: what, how much, and a note."""
    n, test = card["data"]["test"], card["test"]
    if not n:
        return []
    hits = round(test["accuracy"] * n)
    return [
        ("test accuracy", percent(test["accuracy"]), f"95 % interval: {interval(hits, n)}"),
        ("test log loss", f"{test['log_loss']:.4f}", "nats; 0 is perfect"),
    ]


def tables(outputs: np.ndarray, dataset: Dataset) -> list[Table]:
    """Put the test split's results into tables; outputs are probabilities [n, classes], n > 0."""
    return [accuracy_table(outputs, dataset), class_table(outputs, dataset)]


def accuracy_table(outputs: np.ndarray, dataset: Dataset) -> Table:
    """Compare the model with an answer without looking, which shows what an accuracy is worth."""
    targets, n = dataset.test.targets, len(dataset.test)
    favourite = int(np.bincount(dataset.train.targets, minlength=len(dataset.classes)).argmax())
    answers = {
        "this model": outputs.argmax(1),
        f"always “{dataset.classes[favourite]}”, the most frequent in training": favourite,
    }
    rows = []
    for name, answer in answers.items():
        hits = int((targets == answer).sum())
        rows.append((name, f"{hits:,} of {n:,}", percent(hits / n), interval(hits, n)))
    head = ("answers", "right", "accuracy", "95 % interval")
    return Table("Accuracy on the test split", head, rows, "The intervals are Wilson's (1927).")


def class_table(outputs: np.ndarray, dataset: Dataset) -> Table:
    """Tell how each class fares on the test split."""
    counts = confusion(outputs, dataset.test.targets, len(dataset.classes))
    rows = []
    for k, name in enumerate(dataset.classes):
        n, hits, said = int(counts[k].sum()), int(counts[k, k]), int(counts[:, k].sum())
        others = counts[k].copy()
        others[k] = 0
        rival = int(others.argmax())
        rows.append(
            (
                name,
                f"{hits:,} of {n:,}",
                percent(hits / n) if n else "–",
                interval(hits, n),
                percent(hits / said) if said else "–",
                f"{dataset.classes[rival]} ({others[rival]:,}×)" if others[rival] else "–",
            )
        )
    head = ("class", "right", "recall", "95 % interval", "precision", "mostly taken for")
    note = (
        "Recall: how much of this class was recognised. "
        "Precision: how many of the answers with this name were right."
    )
    return Table("Accuracy per class", head, rows, note)


def intended_use(card: Mapping[str, Any]) -> list[str]:
    """Say what the model is for, from its own input and classes."""
    height, width, channels = card["input_shape"]
    kind = "grey" if channels == 1 else "colour"
    return [
        f"Telling apart {len(card['classes'])} classes of {kind} images, {width}×{height} pixels, "
        "that were taken and prepared like the training images.",
        "Learning, and as a starting point. Test it on your own images before anyone relies on it.",
    ]


def limits(card: Mapping[str, Any], source: str) -> list[str]:
    """Say what the model cannot do, and what its accuracy does not tell."""
    height, width, _ = card["input_shape"]
    return [
        "It knows the classes that it has seen and no other: whatever an image shows, one of them "
        "is the answer, now and then with a high probability.",
        f"Every image is reduced to {width}×{height} pixels. "
        "What cannot be seen at that size cannot count.",
        "The accuracy is an average over the test split. It does not tell how the model fares on "
        "images from another source, in another light, or on groups that no label tells apart.",
        "The interval covers the luck of which images were in the test split. It covers neither "
        "wrong labels nor settings that were chosen by looking at this same split.",
        *(DIGITS_LIMITS if source == "digits" else FOLDER_LIMITS),
    ]


DIGITS_LIMITS = (
    "The digits come from the test part of a collection of 1998, which 13 people wrote on paper "
    "forms. Nothing says who wrote which, so every writer may be on both sides of the split: "
    "expect less on new writers, other pens, photographs and numerals of other regions.",
)
FOLDER_LIMITS = (
    "The images were divided at random. Near copies on both sides of the split, such as frames of "
    "one video or several shots of one object, make the accuracy look better than it is.",
    "The names of the folders were taken as the truth, and nobody has checked here what the "
    "images may be used for and whom they show.",
)
