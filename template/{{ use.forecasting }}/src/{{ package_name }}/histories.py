"""Histories as the network takes them: the last values of a series. No more than NumPy.

Training, `predict` and servers do it alike; the web page's histories.js does the same, and
deploy/client has a copy of this file.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from . import columns, series, times
from .columns import Cell
from .series import Series

LEAST = 0.5  # share of a history that must be known


def fill(windows: np.ndarray) -> np.ndarray:
    """Fill the missing values (NaN) of each row [n, length] in a straight line between neighbours.

    At the ends the nearest value counts. A row without any value becomes zeros.
    """
    missing = np.isnan(windows)
    if not missing.any():
        return windows
    places = np.broadcast_to(np.arange(windows.shape[1]), windows.shape)
    end = windows.shape[1] - 1
    before = np.maximum.accumulate(np.where(missing, -1, places), axis=1)
    after = np.minimum.accumulate(np.where(missing, end + 1, places)[:, ::-1], axis=1)[:, ::-1]
    left = np.where(before < 0, np.minimum(after, end), before)
    right = np.where(after > end, np.maximum(before, 0), after)
    whole = np.where(missing, 0, windows).astype(np.float64)
    low, high = (np.take_along_axis(whole, at, axis=1) for at in (left, right))
    share = (places - left) / np.maximum(right - left, 1)
    return np.where(missing, low + share * (high - low), windows).astype(windows.dtype)


def known_values(
    found: Sequence[columns.Column], table: Mapping[str, Sequence[Cell]]
) -> np.ndarray:
    """Turn further columns into numbers, float32 [rows, width]: scaled, or one place a category."""
    inputs = columns.encode(found, table)
    parts = [inputs["numbers"]] if "numbers" in inputs else []
    sizes = columns.sizes(found)
    for place, size in enumerate(sizes):
        parts.append((inputs["codes"][:, place, None] == np.arange(1, size)).astype(np.float32))
    return np.concatenate(parts, axis=1)


def width(found: Sequence[columns.Column]) -> int:
    """Return how many numbers `known_values` makes of further columns."""
    return len(columns.number_columns(found)) + sum(size - 1 for size in columns.sizes(found))


def along(known: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Put rows of `known_values` where a series has them; a gap is filled as one of values is."""
    found = np.where((rows < 0)[:, None], np.nan, known[rows])
    return fill(found.T.astype(np.float32)).T


def read(
    table: Mapping[str, Sequence[Cell]], facts: Mapping[str, Any]
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Make the inputs of a table: the end of each of its series. ValueError where there is none.

    Returns `history` [n, length], `known` [n, length + horizon, width] where further columns count,
    the names of the `series` and the times of their last values, `end` [n]; and what is to be said.
    """
    about, length, horizon = facts["time"], facts["length"], facts["horizon"]
    missing = facts.get("missing_numbers", ())
    reading = series.read(
        table, facts["names"], about["frequency"], about["form"], facts["decimal"], missing
    )
    notes = list(reading.notes)
    usable: list[Series] = []
    short: list[Series] = []
    for one in reading.series:
        enough = np.count_nonzero(~np.isnan(one.values[-length:])) >= LEAST * length
        (usable if enough else short).append(one)
    needed = int(np.ceil(LEAST * length))
    if short:
        some = ", ".join(repr(one.name[:40]) for one in short[:3])
        notes.append(
            f"{len(short):,} of {len(reading.series):,} series have fewer than {needed} values in"
            f" their last {length} {about['frequency']} steps and get no forecast, such as {some}"
        )
    if not usable:
        raise ValueError(
            f"no series has the {needed} values in its last {length} {about['frequency']} steps"
            " that a forecast needs"
        )
    if facts["columns"]:
        usable, lacking = with_rows_ahead(usable, horizon, about["frequency"])
        notes += lacking
    gaps = sum(bool(missing_in(one, length)) for one in usable)
    if gaps:
        notes.append(
            f"{gaps:,} series have gaps in their last {length} steps, or fewer steps; gaps are"
            " filled in straight lines"
        )
    if facts["log"]:
        low = sum(bool((one.values[-length:] <= 0).any()) for one in usable)
        if low:
            notes.append(f"{low:,} series have values that are not above 0, unlike in training")
    batch = {"history": fill(np.stack([last_values(one, length) for one in usable]))}
    if facts["columns"]:
        known = known_values(facts["columns"], table)
        batch["known"] = np.stack([last_known(one, known, length, horizon) for one in usable])
        ahead = [row for one in usable for row in rows_ahead(one, horizon).tolist()]
        past = [row for one in usable for row in rows_before(one, length).tolist() if row >= 0]
        notes += columns.missing(facts["columns"], part_of(table, ahead), "steps ahead")
        for say in (columns.unread, columns.far, columns.unseen):
            notes += say(facts["columns"], part_of(table, past + ahead))
    newest = max(one.last for one in usable)
    old = [one for one in usable if one.last < newest]
    if old:
        notes.append(
            f"{len(old):,} series end before {times.write(newest, about['frequency'])}, such as"
            f" {old[0].name[:40]!r}: their forecasts begin earlier"
        )
    batch["series"] = np.array([one.name for one in usable])
    batch["end"] = np.array([one.last for one in usable], np.int64)
    return batch, notes


def missing_in(one: Series, length: int) -> int:
    """Count the missing values among the last ones."""
    return length - int(np.count_nonzero(~np.isnan(one.values[-length:])))


def last_values(one: Series, length: int) -> np.ndarray:
    """Return the last values of a series, float32 [length]; NaN where there is none."""
    padded = np.concatenate([np.full(length, np.nan), one.values])
    return padded[-length:].astype(np.float32)


def part_of(
    table: Mapping[str, Sequence[Cell]], rows: Sequence[int]
) -> Mapping[str, Sequence[Cell]]:
    """Return some rows of a table."""
    return {name: [cells[row] for row in rows] for name, cells in table.items()}


def rows_before(one: Series, length: int) -> np.ndarray:
    """Return the rows of the last values, as many as there are; -1 where one is missing."""
    return one.rows[: len(one.values)][-length:]


def rows_ahead(one: Series, horizon: int) -> np.ndarray:
    """Return the rows of the steps to forecast, as many as there are; -1 where one is missing."""
    return one.rows[len(one.values) : len(one.values) + horizon]


def with_rows_ahead(
    found: Sequence[Series], horizon: int, frequency: str
) -> tuple[list[Series], list[str]]:
    """Choose the series with rows for all steps to forecast; says which others there are.

    Raises ValueError where none has them.
    """
    kept: list[Series] = []
    others: list[Series] = []
    for one in found:
        ahead = rows_ahead(one, horizon)
        whole = len(ahead) == horizon and not (ahead < 0).any()
        (kept if whole else others).append(one)
    if not others:
        return kept, []
    first = others[0]
    last = f"the last value of {first.name[:40]!r} is of {times.write(first.last, frequency)}"
    needed = f"a row for each of the next {horizon} steps, with the further columns and no value"
    if not kept:
        raise ValueError(f"a series needs {needed}; {last}")
    told = f"{len(others):,} of {len(found):,} series lack {needed}, and get no forecast; {last}"
    return kept, [told]


def last_known(one: Series, known: np.ndarray, length: int, horizon: int) -> np.ndarray:
    """Return the further columns' numbers along a history and its future, [length + horizon, k]."""
    rows = np.concatenate([rows_before(one, length), rows_ahead(one, horizon)])
    found = along(known, rows)
    before = np.repeat(found[:1], length + horizon - len(found), axis=0)
    return np.concatenate([before, found])
