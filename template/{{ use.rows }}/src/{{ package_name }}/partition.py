"""Divide rows into three parts: by chance, class by class, or by group."""

from collections.abc import Sequence

import numpy as np

from .errors import UserError

SEED = 0  # the split belongs to the data: another training seed must not move it

Places = tuple[np.ndarray, np.ndarray, np.ndarray]
"""of the rows that train, validate and test, each in ascending order"""


def by_chance(count: int, validation: float, test: float) -> Places:
    """Divide shuffled rows; `validation` is a share of the rows that do not test.

    Raises UserError, as all functions here do, when a part would have no rows.
    """
    return in_order(np.random.default_rng(SEED).permutation(count), validation, test)


def in_order(order: np.ndarray, validation: float, test: float) -> Places:
    """Divide rows in a given order, the places [n]: the last ones test."""
    return cut(order, *cuts(len(order), validation, test))


def by_group(cells: Sequence[str], validation: float, test: float) -> Places:
    """Divide rows so that those with the same cell stay in one part."""
    groups = sorted(set(cells))
    shuffled = np.random.default_rng(SEED).permutation(len(groups))
    places = dict(zip(groups, shuffled.tolist(), strict=True))
    order = np.argsort([places[cell] for cell in cells], kind="stable")
    ends = [whole_groups(cells, order, end) for end in cuts(len(order), validation, test)]
    return cut(order, *ends)


def by_class(labels: np.ndarray, validation: float, test: float) -> Places:
    """Divide each class in the same shares; a class of one row trains."""
    rng = np.random.default_rng(SEED)
    parts: tuple[list[np.ndarray], ...] = ([], [], [])
    for number in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == number))
        tested = max(round(len(members) * test), len(members) > 1)
        rest = len(members) - tested
        validated = max(round(rest * validation), int(rest > 1))
        for part, piece in zip(parts, np.split(members, [rest - validated, rest]), strict=True):
            part.append(piece)
    train, validate, last = (np.sort(np.concatenate(part)) for part in parts)
    return check(train, validate, last)


def cuts(count: int, validation: float, test: float) -> tuple[int, int]:
    """Return where the rows that validate begin, and those that test."""
    rest = count - max(round(count * test), 1)
    return rest - max(round(rest * validation), 1), rest


def whole_groups(cells: Sequence[str], order: np.ndarray, end: int) -> int:
    """Move a cut forward to where a group ends."""
    while 0 < end < len(order) and cells[order[end]] == cells[order[end - 1]]:
        end += 1
    return end


def cut(order: np.ndarray, first: int, second: int) -> Places:
    """Cut an order of rows twice."""
    train, validate, tested = (np.sort(part) for part in np.split(order, [first, second]))
    return check(train, validate, tested)


def check(train: np.ndarray, validation: np.ndarray, test: np.ndarray) -> Places:
    """Refuse parts without rows."""
    for name, part in (("train", train), ("validate", validation), ("test", test)):
        if len(part) < 1:
            raise UserError(f"no row is left to {name} with; the table is too small for its split")
    return train, validation, test
