"""The rows of a long table as series of values with equal steps; no more than NumPy.

Training, `predict` and servers read alike; deploy/client has a copy of this file and of those that
it imports.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import times
from columns import Cell, text_of, to_number

LARGEST = 1e15  # of values: their squares and sums must fit into float32
SPARSE = 50  # places of a grid for each row, where something is wrong with the times


@dataclass(frozen=True)
class Series:
    """One series on a grid of equal steps."""

    name: str
    first: int
    """the place of the first value on a grid that all series share"""
    values: np.ndarray
    """float64 [n], from the first value to the last one; NaN where one is missing"""
    last: int
    """the time of the last value"""
    rows: np.ndarray
    """int64 [n or more]: the table's row at each place, -1 where there is none; those behind the
    values are of times for which only further columns are known"""


@dataclass(frozen=True)
class Reading:
    """What a table holds: its series, how its times are written, and what is to be said."""

    series: list[Series]
    form: str
    frequency: str
    notes: list[str]


def read(
    table: Mapping[str, Sequence[Cell]],
    names: Mapping[str, str],
    frequency: str = "auto",
    form: str = "",
    decimal: str = ".",
    missing: Sequence[float] = (),
) -> Reading:
    """Put the rows of a table into series, sorted by time.

    `names` has the columns' names: id (which may be missing in the table), time and value; `form`
    and `decimal` are how times and numbers were written in training; `missing` are values that
    stand for missing ones. Raises ValueError where a column is missing, a time cannot be read, or a
    series has two values for a time.
    """
    for column in (names["time"], names["value"]):
        if column not in table:
            raise ValueError(f"there is no column {column!r}, but {', '.join(table)[:200]}")
    texts = [text_of(cell) for cell in table[names["time"]]]
    if "" in texts:
        raise ValueError(f"row {texts.index('') + 1} has no time in the column {names['time']!r}")
    groups = group(table.get(names["id"]), len(texts))
    form, doubts = find_form(texts, groups, frequency, form)
    if frequency == "auto":
        frequency = times.find_frequency(in_order(texts, groups, form), form)
    if (form == "step") != (frequency == "steps"):
        raise ValueError(f"the times are {form}, which does not go with {frequency}")
    moments = times.to_times(texts, form, frequency)
    values, notes = read_values(table[names["value"]], names["value"], decimal)
    values[np.isin(values, missing)] = np.nan
    notes = doubts + notes
    counts = {"twice": 0, "moved": 0}
    hint = f"does {names['id']!r} name the series?"
    if names["id"] not in table:
        hint = f"there is no column {names['id']!r} that names the series; see --id-column"
    found = [
        to_grid(name, rows, moments, values, frequency, counts, hint)
        for name, rows in groups.items()
    ]
    if counts["twice"]:
        notes.append(f"{counts['twice']:,} rows are there twice, and count once")
    if counts["moved"]:
        notes.append(
            f"{counts['moved']:,} of {len(texts):,} times are not equally far apart and count as"
            f" the nearest {frequency} step"
        )
    return Reading([one for one in found if len(one.values)], form, frequency, notes)


def find_form(
    texts: Sequence[str], groups: Mapping[str, Sequence[int]], frequency: str, trained: str
) -> tuple[str, list[str]]:
    """Tell in which form times are; and what is to be said where another would fit as well.

    In training the order of day and month is the one with the more regular steps; later it is the
    one of the training.
    """
    form = times.find_form(texts, trained)
    other = "" if form == trained else times.other_order(texts, form)
    if not other:
        return form, []
    if not trained:
        regular = {
            order: times.regularity(in_order(texts, groups, order), order, frequency)
            for order in (form, other)
        }
        if regular[form] != regular[other]:
            return max(regular, key=lambda order: regular[order]), []
    differs = next(text for text in texts if times.parse(text, form) != times.parse(text, other))
    (moment,) = times.to_times([differs], form, "daily")
    return form, [
        f"the dates may be day/month or month/day; read as {form}; write"
        f" {times.write(moment, 'daily')} to be sure"
    ]


def in_order(
    texts: Sequence[str], groups: Mapping[str, Sequence[int]], form: str
) -> list[list[int]]:
    """Read the different times of each series, sorted."""
    local = times.to_times(texts, form, "daily")
    return [sorted({local[row] for row in rows}) for rows in groups.values()]


def group(cells: Sequence[Cell] | None, rows: int) -> dict[str, list[int]]:
    """List the rows of each series by its name; without names there is one series."""
    if cells is None:
        return {"series": list(range(rows))}
    groups: dict[str, list[int]] = {}
    for row, cell in enumerate(cells):
        # A name such as NA is one; only what is empty names nothing.
        groups.setdefault("" if cell is None else str(cell).strip(), []).append(row)
    if "" in groups:
        raise ValueError(f"row {groups[''][0] + 1} does not name its series")
    return groups


def read_values(
    cells: Sequence[Cell], name: str, decimal: str = "."
) -> tuple[np.ndarray, list[str]]:
    """Read a column of numbers, float64 [n], NaN where one is missing; and what is to be said."""
    texts = [text_of(cell) for cell in cells]
    numeric = [isinstance(c, int | float) and not isinstance(c, bool) for c in cells]
    written = [
        text for text, is_number in zip(texts, numeric, strict=True) if text and not is_number
    ]
    other = "," if decimal == "." else "."
    unread = {mark: sum(math.isnan(to_number(text, mark)) for text in written) for mark in ".,"}
    mark = other if unread[other] < unread[decimal] else decimal
    values = np.array(
        [to_number(t, "." if n else mark) for t, n in zip(texts, numeric, strict=True)], np.float64
    )
    if np.abs(values[~np.isnan(values)]).max(initial=0) > LARGEST:
        raise ValueError(f"{name} has values above {LARGEST:g}; give them in a larger unit")
    bad = [text for text, value in zip(texts, values, strict=True) if text and math.isnan(value)]
    if len(bad) == len([text for text in texts if text]):
        some = f", but {bad[0][:20]!r}; write 1234.5 or 1234,5, without a unit" if bad else ""
        raise ValueError(f"the column {name!r} has no numbers{some}")
    notes = []
    if bad:
        notes.append(
            f"{name}: {len(bad):,} values are no numbers and count as missing, such as"
            f" {bad[0][:20]!r}"
        )
    return values, notes


def to_grid(
    name: str,
    rows: Sequence[int],
    moments: Sequence[int],
    values: np.ndarray,
    frequency: str,
    counts: dict[str, int],
    hint: str,
) -> Series:
    """Put the rows of one series into a grid, in the order of their times.

    `hint` is what may be wrong where two values have the same time.
    """
    ordered = sorted(rows, key=lambda row: moments[row])
    first_time = moments[ordered[0]]
    taken: dict[int, int] = {}
    for row in ordered:
        place = times.place(moments[row], frequency, first_time)
        if place in taken:
            before = taken[place]
            same = moments[row] == moments[before]
            if same and (values[row] == values[before] or np.isnan(values[[row, before]]).all()):
                counts["twice"] += 1
                continue
            moment = times.write(moments[row], frequency)
            if same:
                raise ValueError(
                    f"series {name[:40]!r} has two values for {moment}, in rows {before + 1} and"
                    f" {row + 1}; {hint}"
                )
            raise ValueError(
                f"series {name[:40]!r} has two {frequency} values near {moment}, in rows"
                f" {before + 1} and {row + 1}; set `frequency` if that is wrong"
            )
        taken[place] = row
        step = place - times.place(first_time, frequency, first_time)
        counts["moved"] += times.later(first_time, step, frequency) != moments[row] and (
            frequency in times.SECONDS
        )
    first, end = min(taken), max(taken) + 1
    if end - first > SPARSE * len(taken) + 1000:
        raise ValueError(
            f"series {name[:40]!r} has {len(taken):,} rows in {end - first:,} {frequency} steps;"
            " is one of its times wrong?"
        )
    at = np.full(end - first, -1, np.int64)
    at[np.array(list(taken)) - first] = list(taken.values())
    found = np.where(at < 0, np.nan, values[at])
    there = np.flatnonzero(~np.isnan(found))
    if not len(there):
        return Series(name, first, found[:0], 0, at)
    start, stop = int(there[0]), int(there[-1]) + 1
    last = moments[int(at[stop - 1])]
    return Series(name, first + start, found[start:stop], last, at[start:])


def facts_of(names: Mapping[str, str], reading: Reading, decimal: str) -> dict[str, Any]:
    """Say how a table was read, so that later ones are read alike."""
    about = {"form": reading.form, "frequency": reading.frequency}
    return {"names": dict(names), "time": about, "decimal": decimal}
