"""Tables: the rows of CSV files as the model's inputs, and its answers in words.

The server takes tensors. What makes them of a row, such as medians and categories, is in the
artifact's manifest.json. `columns.py` and `delimited.py` are the same here and in the package: copy
them when you change them there.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import columns
import delimited
import numpy as np


def read(
    file: Path, facts: Mapping[str, Any], model: Any
) -> tuple[list[str], dict[str, np.ndarray]]:
    """Read the rows of a file: a name for each, and the model's inputs.

    Raises OSError when it is no CSV or lacks a column.
    """
    described = facts["columns"]
    try:
        table = delimited.parse(file.read_bytes().decode("utf-8-sig"))
        batch = columns.encode(described, table)
    except UnicodeDecodeError:
        raise OSError(f"{file} is not UTF-8; save it as a CSV in UTF-8") from None
    except ValueError as error:
        raise OSError(f"{file}: {error}") from error
    for say in (columns.unread, columns.far, columns.unseen):
        for note in say(described, table):
            print(printable(f"note: {file}: {note}"), file=sys.stderr)
    rows = len(next(iter(table.values())))
    return [f"{file}:{row}" for row in range(1, rows + 1)], batch


def answers(outputs: Mapping[str, np.ndarray], described: Sequence[Mapping[str, Any]]) -> list[str]:
    """Name the most probable class of each row and how probable it is, or its value."""
    (target,) = described
    found = outputs[target["name"]]
    if target["name"] == "value":
        return [f"{float(value):.6g}" for value in found[:, 0]]
    return [f"{printable(target['labels'][row.argmax()])} ({row.max():.1%})" for row in found]


def printable(text: str) -> str:
    """Replace what could change the terminal, such as marks that turn its direction."""
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )
