"""Scores of answers that are classes, for the tasks that have them."""

from collections.abc import Mapping, Sequence

import numpy as np

RARE = 3  # times as many in the most frequent class as in the rarest
UNEQUAL = 0.15  # by which macro_f1 may be below the accuracy without a word


def macro_f1(counts: np.ndarray) -> float:
    """Return the mean over the classes that are there of 2 hits / (2 hits + both mistakes).

    `counts` are [true class, answered class]; a rare class weighs as much as a frequent one.
    """
    hits, both = counts.diagonal(), counts.sum(0) + counts.sum(1)
    there = both > 0
    return float((2 * hits[there] / both[there]).mean())


def unbalanced(test: Mapping[str, float], counts: Sequence[int]) -> list[str]:
    """Say so where classes that are rare among `counts` fare much worse than frequent ones."""
    if not counts or max(counts) < RARE * min(counts):
        return []
    if test["accuracy"] - test["macro_f1"] < UNEQUAL:
        return []
    return [
        f"unbalanced: macro_f1 is {test['macro_f1']:.3g} beside an accuracy of"
        f" {test['accuracy']:.3g}, so rare classes fare worse; try --class-weights balanced, or"
        " collect more of them"
    ]
