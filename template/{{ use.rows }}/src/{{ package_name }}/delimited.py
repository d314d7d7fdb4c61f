"""Read the text of a CSV as columns of texts; the standard library alone.

Training, `predict`, servers and the client read alike; deploy/client has a copy of this file.
"""

import csv
import io
from collections.abc import Iterator

DELIMITERS = ",;\t|"
SAMPLE = 2**16  # characters that are looked at to tell the delimiter


def parse(text: str) -> dict[str, list[str]]:
    """Read a CSV whose first line names the columns.

    Empty lines are skipped, save between values of a table with one column: there they are empty
    values. Raises ValueError, with what is wrong, when it is none, or a row has more or fewer
    values than there are names.
    """
    if "\0" in text:
        raise ValueError("it has NUL characters, so it is no CSV")
    lines = read_lines(text, find_delimiter(text), strict=True)
    try:
        first = next(filter(None, lines), [])
        names = [name.strip() or f"column {place}" for place, name in enumerate(first, 1)]
        columns: list[list[str]] = [[] for _ in names]
        rows = values_of(lines) if len(names) == 1 else filter(None, lines)
        for place, row in enumerate(rows, 1):
            if len(row) != len(names):
                raise ValueError(f"row {place} has {len(row)} values for {len(names)} columns")
            for column, value in zip(columns, row, strict=True):
                column.append(value)
    except csv.Error as error:
        raise ValueError(f"its quotes or lines are broken: {error}") from error
    if not any(columns):
        raise ValueError("it must have a line of names and a line for each row")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"it has two columns named {twice!r}")
    return dict(zip(names, columns, strict=True))


def read_lines(text: str, delimiter: str, strict: bool) -> Iterator[list[str]]:
    """Read a CSV row by row; where it is not strict, broken quotes are let pass."""
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict)


def values_of(lines: Iterator[list[str]]) -> Iterator[list[str]]:
    """Take empty lines for empty values, as they are in one column; none at the end."""
    empty = 0
    for row in lines:
        if row:
            yield from [[""]] * empty
            yield row
        empty = 0 if row else empty + 1


def find_delimiter(text: str) -> str:
    """Tell what stands between the values: what parts the most rows as it parts the first line."""
    return max(DELIMITERS, key=lambda delimiter: fitting_rows(text, delimiter))


def fitting_rows(text: str, delimiter: str) -> tuple[int, int]:
    """Count the rows with as many values as the first line, where these are several; and them."""
    rows = list(filter(None, read_lines(text[:SAMPLE], delimiter, strict=False)))
    width = len(rows[0]) if rows else 0
    return sum(len(row) == width for row in rows) if width > 1 else 0, width
