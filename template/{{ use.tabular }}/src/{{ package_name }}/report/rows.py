"""Rows and columns of a table in words, decoded from what the network sees."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from ..columns import Column
from ..signature import Batch
from .elements import Table, plain
from .formatting import number, percent

MOST_ROWS = 10  # that went worst
MOST_COLUMNS = 10  # whose values are told of each of them
MOST_LISTED = 200  # columns in the table of columns


def in_words(column: Column, value: float) -> str:
    """Write a number of a column, or a date."""
    if column["kind"] == "date":
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=round(value, 3))
        text = moment.isoformat(" ", "minutes").removesuffix("+00:00")
        return text if "%H" in column["format"] else text[:10]
    return f"{value:.0f}" if value == round(value) and abs(value) < 1e9 else f"{value:.6g}"


def places(columns: Sequence[Column]) -> list[list[tuple[str, int]]]:
    """Say where each column is among the inputs: their names, and the places in them.

    A number has two where the network is told that it is missing.
    """
    found, used = [], {"numbers": 0, "codes": 0}
    for column in columns:
        category = column["kind"] == "category"
        inputs = ["codes"] if category else ["numbers", "codes"] if column["flag"] else ["numbers"]
        found.append([(name, used[name]) for name in inputs])
        for name in inputs:
            used[name] += 1
    return found


def decode(column: Column, seen: Sequence[float]) -> str:
    """Write what the network sees of a column in one row: a code, or a number with its flag."""
    first, missing = seen[0], seen[-1]
    if column["kind"] == "category":
        return plain(column["values"][int(first) - 1]) if first else "missing or never seen"
    if column["flag"] and missing:
        return "missing"
    return in_words(column, in_units(column, first))


def in_units(column: Column, seen: float) -> float:
    """Undo the scaling of a number, and round off the digits that float32 did not keep."""
    value = float(seen * column["scale"] + column["mean"])
    step = abs(seen) * column["scale"] * float(np.finfo(np.float32).eps)
    digits = -math.ceil(math.log10(step)) if step else None
    return value if digits is None else round(value, digits) + 0.0  # which makes 0 of -0


def describe(columns: Sequence[Column], batch: Batch, order: Sequence[int]) -> list[str]:
    """Describe each row of a batch by the first columns in `order`."""
    where = places(columns)
    shown = order[:MOST_COLUMNS]
    more = f"; and {len(columns) - len(shown)} more" if len(columns) > len(shown) else ""
    found = []
    for row in range(len(batch["target"])):
        parts = []
        for place in shown:
            seen = [float(batch[name][row, at]) for name, at in where[place]]
            parts.append(f"{plain(columns[place]['name'])}: {decode(columns[place], seen)}")
        found.append("; ".join(parts) + more)
    return found


def worst_table(
    head: tuple[str, str, str],
    told: Sequence[tuple[str, str, str]],
    rows: np.ndarray,
    values: Sequence[str],
    note: str,
) -> Table:
    """List rows by their numbers in the file, [n], with what is told and their values."""
    lines = [
        (f"{row:,}", *words, value)
        for row, words, value in zip(rows.tolist(), told, values, strict=True)
    ]
    note += " The first row after the names of the columns is number 1; empty lines do not count."
    note += " A number far from all others is shown as near as the network gets it."
    return Table("Worst rows", ("row of the file", *head, "values"), lines, note)


def column_table(facts: Mapping[str, Any]) -> Table:
    """Tell what each column looked like, and why others were left out."""
    rows = [
        (plain(column["name"]), column["kind"], percent(column["missing"]), looks(column))
        for column in facts["columns"]
    ]
    rows += [(plain(name), "left out", "–", why) for name, why in facts["left_out"].items()]
    note = "What is said of values and of missing ones holds for the training rows."
    if len(rows) > MOST_LISTED:
        note += f" {len(rows) - MOST_LISTED:,} more columns are in model/model.json."
    head = ("column", "kind", "missing", "values")
    return Table("What the columns looked like", head, rows[:MOST_LISTED], note)


def looks(column: Column) -> str:
    """Write the range of a column of numbers, or the most frequent values of a category."""
    if column["kind"] != "category":
        low, high, median = (in_words(column, column[name]) for name in ("low", "high", "median"))
        return f"{low} to {high}, median {median}"
    values, counts = column["values"], column["counts"]
    known = [f"{plain(v)} ({n:,}×)" for v, n in zip(values, counts, strict=False)]
    more = len(values) - len(known)
    return ", ".join(known) + (f", and {more:,} more" if more else "")


def signed(value: float) -> str:
    """Write how far an answer is off, with its sign."""
    return f"{'+' if value > 0 else '−' if value < 0 else ''}{number(abs(value))}"
