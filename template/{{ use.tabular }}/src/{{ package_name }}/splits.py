"""Divide the rows of a table: by chance, by group, or by time; and look for leaks."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from . import partition
from .columns import FORMATS, Column, code_names, number_columns, text_of, to_days, to_number
from .errors import UserError
from .signature import Batch
from .table import Table
from .task import DataSettings

# A column that alone tells the target, judged on rows that it was not looked up in:
LEAK = 0.999  # classes that are right, or all but one
SLIPS = 0.03  # errors, as a share of those of guessing, that a few odd rows may make
EXPLAINED = 0.98  # of the variance of ranks, by the rank of one other row
TELLING = 10  # times as many errors as that come from guessing the most frequent class
FEWEST, SAMPLE = 30, 5000  # rows that tell something, and rows that are looked at


def split(
    table: Table, truth: np.ndarray, about: Mapping[str, Any], settings: DataSettings
) -> partition.Places:
    """Return the places of the rows that train, validate and test, each in ascending order.

    Raises UserError when a split would have no rows.
    """
    shares = settings.validation_fraction, settings.test_fraction
    if settings.group_column and settings.time_column:
        raise UserError("a split is by group or by time; leave out one of the two columns")
    if settings.time_column:
        order = by_time(table[settings.time_column], settings.time_column)
        return partition.in_order(order, *shares)
    if settings.group_column:
        return partition.by_group(table[settings.group_column], *shares)
    if "classes" in about:
        return partition.by_class(truth, *shares)
    return partition.by_chance(len(truth), *shares)


def in_words(settings: DataSettings) -> str:
    """Say how the rows were divided."""
    if settings.time_column:
        return f"divided by the time in {settings.time_column}, the last rows test"
    if settings.group_column:
        return f"divided by {settings.group_column}, of which all rows stay together"
    return "divided at random"


def by_time(cells: Sequence[str], name: str) -> np.ndarray:
    """Order rows by a column of dates or numbers."""
    texts = [text_of(cell) for cell in cells]
    readers = [to_number, *(lambda text, form=form: to_days(text, form) for form in FORMATS)]
    counts = [sum(not math.isnan(read(text)) for text in texts[:100]) for read in readers]
    likely = [read for read, count in zip(readers, counts, strict=True) if count == max(counts)]
    tried = [np.array([read(text) for text in texts]) for read in likely]
    moments = min(tried, key=lambda one: np.isnan(one).sum())
    if np.isnan(moments).any():
        place = int(np.isnan(moments).argmax())
        raise UserError(
            f"the column {name} must have a date or a number in every row, all in one form; row"
            f" {place + 1:,} of those with a target has {cells[place][:40]!r}"
        )
    return np.argsort(moments, kind="stable")


def find_leaks(
    inputs: Batch, truth: np.ndarray, about: Mapping[str, Any], columns: Sequence[Column]
) -> list[str]:
    """Name columns each of which alone tells the target: they may not be known in time."""
    chosen = np.random.default_rng(0).permutation(len(truth))[:SAMPLE]
    names = [column["name"] for column in number_columns(columns)] + code_names(columns)
    values = np.concatenate(
        [inputs[key][chosen] for key in ("numbers", "codes") if key in inputs], 1
    )
    # Numbers count by their order, so that a few very large ones do not outweigh all others.
    _, ranks = np.unique(truth[chosen].ravel(), return_inverse=True)
    tells = tells_class if "classes" in about else tells_value
    return [
        f"note: {'whether ' if name.endswith(' is missing') else ''}{name} alone tells"
        f" {about['name']}; leave it out with --ignore-columns"
        " unless it is known beforehand"
        for name, column in zip(names, values.T, strict=True)
        if len(chosen) >= FEWEST and tells(from_nearest(column, ranks), ranks)
    ]


def from_nearest(column: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Predict the truth of each row from the row with the nearest value in the other half.

    `column` and `truth` are [n], in random order; returns [n].
    """
    found = np.empty_like(truth)
    halves = slice(0, None, 2), slice(1, None, 2)
    for known, asked in (halves, halves[::-1]):
        order = np.argsort(column[known])
        values, wanted = column[known][order], column[asked]
        above = np.searchsorted(values, wanted).clip(1, len(values) - 1)
        nearest = above - (wanted - values[above - 1] <= values[above] - wanted)
        found[asked] = truth[known][order][nearest]
    return found


def tells_class(found: np.ndarray, truth: np.ndarray) -> bool:
    """Whether predicted classes have next to no errors, where guessing would have many."""
    wrong = int(np.count_nonzero(found != truth))
    guessed = len(truth) - int(np.bincount(truth).max())
    most = max(1.0, len(truth) * (1 - LEAK), SLIPS * guessed)
    return wrong <= most and guessed >= TELLING * most


def tells_value(found: np.ndarray, truth: np.ndarray) -> bool:
    """Whether predicted ranks explain next to all of the ranks' variance."""
    error, variance = np.square(found - truth).sum(), np.square(truth - truth.mean()).sum()
    return bool(error <= (1 - EXPLAINED) * variance)
