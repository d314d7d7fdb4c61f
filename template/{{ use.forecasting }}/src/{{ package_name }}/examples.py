"""Histories to try exports with: the ends of some series, and some written in other ways."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .columns import Cell
from .series import Series

SERIES = 4


def choose(
    table: Mapping[str, Sequence[Cell]], found: Sequence[Series], facts: Mapping[str, Any]
) -> list[str]:
    """Write the last values of some series as CSV, and of the first one in other ways."""
    length, horizon = facts["length"], facts["horizon"]
    usable = [one for one in found if enough(one, length, horizon)]
    places = np.linspace(0, len(usable) - 1, min(len(usable), SERIES)).astype(int)
    chosen = [usable[place] for place in places]
    texts = [write(lines(one, table, facts)) for one in chosen]
    if chosen:
        texts += variations(lines(chosen[0], table, facts))
    return texts


def enough(one: Series, length: int, horizon: int) -> bool:
    """Say whether a series has a whole history, and one more before it is cut in half."""
    return len(one.values) >= length + horizon and not np.isnan(one.values[-length:]).any()


def lines(
    one: Series, table: Mapping[str, Sequence[Cell]], facts: Mapping[str, Any]
) -> list[list[str]]:
    """Return the rows of a series' last history: names first, then time, value, further columns.

    Further columns must be known ahead; so the last values of the series are left out there.
    """
    names, length = facts["names"], facts["length"]
    further = [column["name"] for column in facts["columns"]]
    ahead = facts["horizon"] if further else 0
    rows = one.rows[: len(one.values)][-(length + ahead) :]
    head = [names["id"], names["time"], names["value"], *further]
    found = [head]
    for place, row in enumerate(rows.tolist()):
        if row < 0:
            continue
        value = str(table[names["value"]][row]).strip() if place < length else ""
        moment = str(table[names["time"]][row]).strip()
        others = [str(table[name][row]) for name in further]
        found.append([one.name, moment, value, *others])
    return found


def variations(rows: list[list[str]]) -> list[str]:
    """Write rows with semicolons, unsorted, with a gap, short, with spaces, with one row twice."""
    head, *body = rows
    half = len(body) // 4
    gap = [[*row[:2], "NA", *row[3:]] if 2 <= place <= 4 else row for place, row in enumerate(body)]
    return [
        write(rows, ";", "\r\n"),
        write([head, *body[::-1]]),
        write([head, *gap]),
        write([head, *body[half:]]),
        write([head, *([*row[:2], f" {row[2]} ", *row[3:]] for row in body)], "\t"),
        write([head, *body, body[1]]),
    ]


def write(rows: Sequence[Sequence[str]], delimiter: str = ",", end: str = "\n") -> str:
    """Write rows as a CSV; texts with a delimiter, quotes or ends of lines get quotes."""
    return "".join(delimiter.join(map(quoted, row)) + end for row in rows)


def quoted(text: str) -> str:
    """Put quotes around a text that needs them."""
    if any(mark in text for mark in ',;\t|"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text
