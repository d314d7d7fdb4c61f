"""Divide the rows of a table: by chance, by group, or by time; and look for leaks."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .columns import FORMATS, Column, code_names, number_columns, text_of, to_days, to_number
from .errors import UserError
from .signature import Batch
from .table import Table
from .task import DataSettings

SEED = 0  # the split belongs to the data: another training seed must not move it
LEAK = 0.999  # of what one column alone tells about the target
SAMPLE = 5000  # rows that are looked at for leaks

Places = tuple[np.ndarray, np.ndarray, np.ndarray]  # of the rows that train, validate, test


def split(
    table: Table, truth: np.ndarray, about: Mapping[str, Any], settings: DataSettings
) -> Places:
    """Return the places of the rows that train, validate and test, each in ascending order.

    Raises UserError when a split would have no rows.
    """
    if settings.group_column and settings.time_column:
        raise UserError("a split is by group or by time; leave out one of the two columns")
    count = len(truth)
    if settings.time_column:
        order = by_time(table[settings.time_column], settings.time_column)
    elif settings.group_column:
        order = by_group(table[settings.group_column])
    elif "classes" in about:
        return check(*by_class(truth, settings))
    else:
        order = np.random.default_rng(SEED).permutation(count)
    test = max(round(count * settings.test_fraction), 1)
    rest = count - test
    validation = max(round(rest * settings.validation_fraction), 1)
    cuts = [rest - validation, rest]
    if settings.group_column:
        cuts = [whole_groups(table[settings.group_column], order, cut) for cut in cuts]
    train, validate, tested = (np.sort(part) for part in np.split(order, cuts))
    return check(train, validate, tested)


def check(train: np.ndarray, validation: np.ndarray, test: np.ndarray) -> Places:
    """Refuse splits without rows."""
    for name, part in (("train", train), ("validate", validation), ("test", test)):
        if len(part) < 1:
            raise UserError(f"no row is left to {name} with; the table is too small for its split")
    return train, validation, test


def by_class(labels: np.ndarray, settings: DataSettings) -> Places:
    """Divide each class in the same shares; a class of one row trains."""
    rng = np.random.default_rng(SEED)
    parts: tuple[list[np.ndarray], ...] = ([], [], [])
    for number in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == number))
        test = max(round(len(members) * settings.test_fraction), len(members) > 1)
        rest = len(members) - test
        validation = max(round(rest * settings.validation_fraction), int(rest > 1))
        cuts = [rest - validation, rest]
        for part, piece in zip(parts, np.split(members, cuts), strict=True):
            part.append(piece)
    train, validate, tested = (np.sort(np.concatenate(part)) for part in parts)
    return train, validate, tested


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


def by_group(cells: Sequence[str]) -> np.ndarray:
    """Order rows by their groups, which are shuffled."""
    groups = sorted(set(cells))
    shuffled = np.random.default_rng(SEED).permutation(len(groups))
    places = dict(zip(groups, shuffled.tolist(), strict=True))
    return np.argsort([places[cell] for cell in cells], kind="stable")


def whole_groups(cells: Sequence[str], order: np.ndarray, cut: int) -> int:
    """Move a cut forward to where a group ends."""
    while 0 < cut < len(order) and cells[order[cut]] == cells[order[cut - 1]]:
        cut += 1
    return cut


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
