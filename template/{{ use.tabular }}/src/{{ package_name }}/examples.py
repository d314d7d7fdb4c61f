"""Rows to try exports with: some of the test split, and one of them written in other ways."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np

from .columns import Column, text_of, to_number
from .table import Table

ROWS = 12  # without missing values, if there are as many
GAPS = 4  # more of them with missing values
SAMPLE = 1000  # rows of the test split from which they are taken

Row = dict[str, str]


def choose(table: Table, test: np.ndarray, columns: Sequence[Column]) -> list[Row]:
    """Choose rows of the test split as they stand in the table, and write the first one anew.

    `test` are the places of its rows. The rows have the columns that the network uses, no others.
    """
    names = [column["name"] for column in columns]
    sample = test[np.linspace(0, len(test) - 1, min(len(test), SAMPLE)).astype(int)]
    texts = dict.fromkeys(tuple(table[name][place] for name in names) for place in sample)
    rows = [dict(zip(names, found, strict=True)) for found in texts]  # each once
    whole = spread([row for row in rows if not has_gap(row)], ROWS)
    chosen = whole + spread([row for row in rows if has_gap(row)], ROWS + GAPS - len(whole))
    return chosen + variations(chosen[0], columns)


def spread(rows: Sequence[Row], most: int) -> list[Row]:
    """Take some of the rows, evenly spread."""
    places = np.linspace(0, len(rows) - 1, min(len(rows), most)).astype(int)
    return [rows[place] for place in places]


def has_gap(row: Row) -> bool:
    """Say whether a value is missing."""
    return not all(text_of(text) for text in row.values())


def variations(row: Row, columns: Sequence[Column]) -> list[Row]:
    """Write a row with spaces, as unknown, as missing, as empty, with exponents, with words."""
    words = cycle(("NA", "null", "?", " n/a ", "-"))
    return [
        {name: f"  {text}\t" for name, text in row.items()},
        {c["name"]: unseen(c, row[c["name"]]) for c in columns},
        {c["name"]: lost(c, next(words)) for c in columns},
        dict.fromkeys(row, ""),
        {c["name"]: exponent(c, row[c["name"]]) for c in columns},
        {
            c["name"]: row[c["name"]] if c["kind"] == "category" else "some time, some number"
            for c in columns
        },
    ]


def lost(column: Mapping[str, Any], word: str) -> str:
    """Return what stands for a missing value in a column: its own, or a word for all of them."""
    return str([*column.get("missing_numbers", column.get("missing_texts", [])), word][0])


def unseen(column: Mapping[str, Any], text: str) -> str:
    """Return a category that the training rows do not have: it is longer than theirs."""
    return f"not {max(column['values'], key=len)}" if column["kind"] == "category" else text


def exponent(column: Mapping[str, Any], text: str) -> str:
    """Write a number as 1.5e+00 with a sign; other texts stay what they are."""
    if column["kind"] != "number" or np.isnan(to_number(text_of(text), column["decimal"])):
        return text
    number = to_number(text_of(text), column["decimal"])
    return f"{number:+.4e}".replace(".", column["decimal"])
