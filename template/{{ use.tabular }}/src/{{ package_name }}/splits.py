"""Divide the rows of a table: by chance, by group, or by time; and look for leaks."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from . import partition
from .columns import FORMATS, Column, code_names, number_columns, text_of, to_days, to_number
from .errors import UserError
from .signature import Batch
from .table import Table
from .task import DataSettings

LEAK = 0.999  # of what one column alone tells about the target
SAMPLE = 5000  # rows that are looked at for leaks


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
    for read in readers:
        moments = np.array([read(text) for text in texts[:100]])
        if np.isnan(moments).any():
            continue
        moments = np.array([read(text) for text in texts])
        if not np.isnan(moments).any():
            return np.argsort(moments, kind="stable")
    raise UserError(f"the column {name} must have a date or a number in every row")


def find_leaks(
    inputs: Batch, truth: np.ndarray, about: Mapping[str, Any], columns: Sequence[Column]
) -> list[str]:
    """Name columns each of which alone tells the target: they may not be known in time."""
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    kind = DecisionTreeClassifier if "classes" in about else DecisionTreeRegressor
    chosen = np.linspace(0, len(truth) - 1, min(len(truth), SAMPLE)).astype(int)
    names = [column["name"] for column in number_columns(columns)] + code_names(columns)
    values = np.concatenate(
        [inputs[key][chosen] for key in ("numbers", "codes") if key in inputs], 1
    )
    labels = truth[chosen].ravel()
    notes = []
    for name, column in zip(names, values.T, strict=True):
        found = kind(max_leaf_nodes=64, random_state=0).fit(column[:, None], labels)
        if found.score(column[:, None], labels) >= LEAK:
            notes.append(
                f"note: {name} alone tells {about['name']}; leave it out with --ignore-columns"
                " unless it is known beforehand"
            )
    return notes
