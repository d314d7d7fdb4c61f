"""Scores of answers that are classes, for the tasks that have them."""

from collections.abc import Mapping, Sequence

import numpy as np

RARE = 3  # times as many in the most frequent class as in the rarest
FEW = 10  # rows of a class: with fewer, one or two of them test
MOST_NAMED = 5  # classes that a note names
UNEQUAL = 0.15  # by which macro_f1 may be below the accuracy without a word
SMALLEST = 1e-12  # probability that counts in the log loss, which would be infinite at 0


def measure(answers: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Compare probabilities, [n, classes], with the numbers of the true classes, [n].

    Returns accuracy and macro_f1 (0 to 1), and log_loss (nats, the mean of -log p of the truth).
    """
    said = answers.argmax(1)
    true = answers[np.arange(len(truth)), truth].astype(np.float64)
    counts = np.zeros((answers.shape[1],) * 2, np.int64)
    np.add.at(counts, (truth, said), 1)
    return {
        "accuracy": float((said == truth).mean()),
        "macro_f1": macro_f1(counts),
        "log_loss": float(-np.log(np.maximum(true, SMALLEST)).mean()),
    }


def macro_f1(counts: np.ndarray) -> float:
    """Return the mean over the classes that are there of 2 hits / (2 hits + both mistakes).

    `counts` are [true class, answered class]; a rare class weighs as much as a frequent one.
    """
    hits, both = counts.diagonal(), counts.sum(0) + counts.sum(1)
    there = both > 0
    return float((2 * hits[there] / both[there]).mean())


def small_classes(names: Sequence[str], labels: np.ndarray, rows: str) -> list[str]:
    """Name the classes with few rows, the smallest first, before they are learnt.

    `labels` are the classes' numbers, [n]; `rows` is what the task calls its rows.
    """
    counts = np.bincount(labels, minlength=len(names))
    few = [f"{names[i]!r} {counts[i]}" for i in counts.argsort(kind="stable") if counts[i] < FEW]
    if not few:
        return []
    more = f" and {len(few) - MOST_NAMED:,} more" if len(few) > MOST_NAMED else ""
    return [
        f"note: {len(few):,} of {len(names):,} classes have fewer than {FEW} {rows}, which teach"
        f" little and test less: {', '.join(few[:MOST_NAMED])}{more}"
    ]


def unbalanced(test: Mapping[str, float], counts: Sequence[int]) -> list[str]:
    """Say so where classes that are rare among `counts` fare much worse than frequent ones."""
    if not counts or max(counts) < RARE * min(counts):
        return []
    if test["accuracy"] - test["macro_f1"] < UNEQUAL:
        return []
    return [
        f"unbalanced: macro_f1 is {test['macro_f1']:.3g} beside an accuracy of"
        f" {test['accuracy']:.3g}, so rare classes fare worse; try --class-weights balanced where"
        " it is not on yet, or collect more of them"
    ]
