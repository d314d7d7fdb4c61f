"""What a column of a table is, and its values as numbers; no more than NumPy, as servers do this.

The web page's columns.js does the same, and deploy/client has a copy of this file. A column is a
dict of JSON, kept with the run:

- number    name, median (for missing values), mean, scale, decimal (`.` or `,`), flag (whether the
            network is told that a value is missing)
- date      the same, and format; the number is days since 1970
- category  name, values: the first one is code 1; code 0 is for others and for missing ones

Where the data have values that stand for missing ones, a number has `missing_numbers`, such as
[-999], and others have `missing_texts`. For reports there are `missing`, the share of the training
rows that have no value; `low` and `high` of numbers; and `counts` of a category, the rows of its
most frequent values.
"""

import functools
import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

Column = dict[str, Any]
Cell = str | float | int | bool | None

MISSING = {"", "na", "n/a", "nan", "null", "none", "nil", "?", "-", "--", ".", "#n/a", "<na>"}
# Numbers, by what stands before their decimals; 1.234,5 is one thousand where that is a comma.
NUMBERS = {
    ".": re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII),
    ",": re.compile(r"[+-]?((\d{1,3}(\.\d{3})+|\d+)(,\d*)?|,\d+)([eE][+-]?\d+)?", re.ASCII),
}
FORMATS = (
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%SZ",
    "%d.%m.%Y",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%d-%m-%Y",
    "%Y/%m/%d",
)
PARTS = {  # of a date: all but the year may have one digit or two
    "%Y": r"(?P<year>\d{4})",
    "%m": r"(?P<month>\d{1,2})",
    "%d": r"(?P<day>\d{1,2})",
    "%H": r"(?P<hour>\d{1,2})",
    "%M": r"(?P<minute>\d{1,2})",
    "%S": r"(?P<second>\d{1,2})",
}
LARGEST = 3e38  # of what float32 can hold
FARTHEST = 10.0  # scales from the mean: a number that is farther counts as that far


def text_of(cell: Cell) -> str:
    """Return a value as a table's text has it: no space around it; empty where it is missing."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    text = repr(cell) if isinstance(cell, float) else str(cell)
    text = text.strip()
    return "" if text.lower() in MISSING else text


def to_number(text: str, decimal: str = ".") -> float:
    """Read a number; NaN where there is none, or none that float32 can hold."""
    if not NUMBERS[decimal].fullmatch(text):
        return math.nan
    number = float(text.replace(".", "").replace(",", ".") if decimal == "," else text)
    return number if abs(number) < LARGEST else math.nan


def to_days(text: str, form: str) -> float:
    """Read a date as days since 1970; NaN where there is none."""
    found = date_pattern(form).fullmatch(text)
    if not found:
        return math.nan
    parts = {name: int(digits) for name, digits in found.groupdict().items()}
    try:
        return datetime(**parts, tzinfo=UTC).timestamp() / 86400
    except ValueError:  # such as the 31st of February
        return math.nan


@functools.cache
def date_pattern(form: str) -> re.Pattern[str]:
    """Compile one of FORMATS: stricter and faster than strptime, and the same in JavaScript."""
    pattern = re.escape(form)
    for code, part in PARTS.items():
        pattern = pattern.replace(code, part)
    return re.compile(pattern, re.ASCII)


def texts_of(column: Mapping[str, Any], cells: Sequence[Cell]) -> list[str]:
    """Return the texts of a column's values, empty where they are missing.

    Numbers of JSON get the decimal comma of a table.
    """
    texts = [text_of(cell) for cell in cells]
    if column.get("decimal") == ",":
        texts = [
            text.replace(".", ",") if isinstance(cell, float) else text
            for text, cell in zip(texts, cells, strict=True)
        ]
    if known := column.get("missing_numbers"):
        return ["" if to_number(text, column["decimal"]) in known else text for text in texts]
    known = column.get("missing_texts", ())
    return ["" if text in known else text for text in texts]


def written(column: Mapping[str, Any], number: float) -> str:
    """Write a number of a column for people; a date in the form that the column has."""
    if column["kind"] == "date":
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=round(number, 3))
        return moment.strftime(column["format"])
    return f"{number:.6g}"


def missing(columns: Sequence[Column], table: Mapping[str, Sequence[Cell]], rows: str) -> list[str]:
    """Say of which columns values are missing, or cannot be read, and what counts instead.

    `rows` is what the rows of the table are called.
    """
    found = []
    for column in columns:
        texts = texts_of(column, table[column["name"]])
        if column["kind"] == "category":
            count, taken = texts.count(""), "it counts as unknown"
        else:
            count = int(np.isnan(numbers_of(column, texts)).sum())
            taken = f"{written(column, column['median'])} is taken"
        if count:
            share = f"{count:,} of {len(texts):,} {rows}"
            found.append(f"{column['name']} is missing in {share}; {taken}")
    return found


def numbers_of(column: Mapping[str, Any], texts: Sequence[str]) -> np.ndarray:
    """Read a column of numbers or dates: float64 [n], NaN where a value is missing."""
    if column["kind"] == "date":
        found = [to_days(text, column["format"]) for text in texts]
    else:
        found = [to_number(text, column["decimal"]) for text in texts]
    return np.array(found, np.float64)


def encode(columns: Sequence[Column], table: Mapping[str, Sequence[Cell]]) -> dict[str, np.ndarray]:
    """Turn the columns of a table into the network's inputs, `numbers` and `codes`.

    Returns those that the columns have: numbers, float32 [n, number columns], in scales from the
    mean, and codes, int32 [n, flags and categories]. Raises ValueError where a column is missing.
    """
    missing = [column["name"] for column in columns if column["name"] not in table]
    if missing:
        more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        raise ValueError(f"the table has no column {', '.join(missing[:5])}{more}")
    numbers: list[np.ndarray] = []
    codes: list[np.ndarray] = []
    for column in columns:
        texts = texts_of(column, table[column["name"]])
        if column["kind"] == "category":
            places = {value: place for place, value in enumerate(column["values"], 1)}
            codes.append(np.array([places.get(text, 0) for text in texts], np.int32))
            continue
        found = numbers_of(column, texts)
        unknown = np.isnan(found)
        # Scaled here, not in the network: in int8 and float16 all columns share one range.
        scaled = (np.where(unknown, column["median"], found) - column["mean"]) / column["scale"]
        numbers.append(np.clip(scaled, -FARTHEST, FARTHEST).astype(np.float32))
        if column["flag"]:
            codes.append(unknown.astype(np.int32))
    found_inputs = {"numbers": numbers, "codes": codes}
    return {name: np.stack(parts, axis=1) for name, parts in found_inputs.items() if parts}


def unread(columns: Sequence[Column], table: Mapping[str, Sequence[Cell]]) -> list[str]:
    """Say of which numbers and dates some texts cannot be read, and so count as missing."""
    found = []
    for column in number_columns(columns):
        texts = [text for text in texts_of(column, table[column["name"]]) if text]
        values = numbers_of(column, texts)
        bad = [text for text, value in zip(texts, values, strict=True) if math.isnan(value)]
        if bad:
            form = column.get("format") or f"number such as 1{column['decimal']}5"
            found.append(
                f"{column['name']}: {len(bad):,} of {len(texts):,} values are not read as {form}"
                f" and count as missing, such as {shown(bad)}"
            )
    return found


def unseen(columns: Sequence[Column], table: Mapping[str, Sequence[Cell]]) -> list[str]:
    """Say of which categories some values are unknown."""
    found = []
    for column in columns:
        if column["kind"] == "category":
            known = {"", *column["values"]}
            bad = [text for text in texts_of(column, table[column["name"]]) if text not in known]
            if bad:
                found.append(
                    f"{column['name']}: {len(bad):,} values are not among those learned and count"
                    f" as unknown, such as {shown(bad)}"
                )
    return found


def far(columns: Sequence[Column], table: Mapping[str, Sequence[Cell]]) -> list[str]:
    """Say of which numbers and dates some values are far outside the range of the training rows.

    That is by more than the range's width, or so far that the value is clipped.
    """
    found = []
    for column in number_columns(columns):
        if "low" not in column:
            continue
        low, high = column["low"], column["high"]
        texts = texts_of(column, table[column["name"]])
        values = numbers_of(column, texts)
        beyond = np.maximum(low - values, values - high)
        clipped = np.abs(values - column["mean"]) > FARTHEST * column["scale"]
        bad = (beyond > high - low) | ((beyond > 0) & clipped)
        if bad.any():
            found.append(
                f"{column['name']}: {bad.sum():,} of {len(texts):,} values are far from those"
                f" learned, {written(column, low)} to {written(column, high)}, such as"
                f" {shown([text for text, one in zip(texts, bad, strict=True) if one])}"
            )
    return found


def shown(texts: Sequence[str]) -> str:
    """Quote a few of some texts."""
    return ", ".join(repr(text[:20]) for text in sorted(set(texts))[:3])


def sizes(columns: Sequence[Column]) -> list[int]:
    """Return how many codes each column of `codes` has, in their order."""
    found = []
    for column in columns:
        if column["kind"] == "category":
            found.append(len(column["values"]) + 1)
        elif column["flag"]:
            found.append(2)
    return found


def code_names(columns: Sequence[Column]) -> list[str]:
    """Name the columns of `codes`, in their order."""
    found = []
    for column in columns:
        if column["kind"] == "category":
            found.append(column["name"])
        elif column["flag"]:
            found.append(f"{column['name']} is missing")
    return found


def number_columns(columns: Sequence[Column]) -> list[Column]:
    """Return the columns of `numbers`, in their order."""
    return [column for column in columns if column["kind"] != "category"]
