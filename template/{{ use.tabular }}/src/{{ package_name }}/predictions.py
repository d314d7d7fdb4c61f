"""From tables to inputs, and from outputs to answers in words."""

import argparse
import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .columns import Cell
from .columns import encode as encode_table
from .data import class_names
from .errors import UserError
from .signature import Batch, Predict, count
from .task import DataSettings

EXAMPLE = "predict examples/passengers.csv"
MEDIA_TYPES = ("text/csv", "application/json")
"""what `decode` reads from the body of a request"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `predict` answers for to the command line."""
    text = "CSV or Parquet with the columns that the network learned from"
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help=text)


def sources(given: argparse.Namespace) -> list[Path]:
    """List the files to answer for."""
    files: list[Path] = given.files
    return files


def read_examples(
    source: Path, settings: DataSettings, facts: Mapping[str, Any]
) -> tuple[list[str], Batch]:
    """Read a table as one batch; returns a name for each row with it.

    Raises UserError when the file is no table, or lacks a column.
    """
    from .table import read_table

    try:
        batch = encode_table(facts["columns"], read_table(source))
    except UserError as error:
        raise UserError(f"{source}: {error}") from error
    return [f"{source}:{row}" for row in range(1, count(batch) + 1)], batch


def decode(body: bytes, media_type: str, facts: Mapping[str, Any]) -> Batch:
    """Read the body of a request: a CSV, or rows of JSON by the columns' names.

    They look like `{"instances": [{"COLUMN": value, ...}, ...]}`. Raises UserError.
    """
    rows = read_json(body) if media_type == "application/json" else read_csv(body)
    names = dict.fromkeys(name for row in rows for name in row)
    table = {name: [row.get(name) for row in rows] for name in names}
    return encode_table(facts["columns"], table)


def read_csv(body: bytes) -> list[dict[str, Cell]]:
    """Read a CSV; UserError when it is none."""
    try:
        rows: list[Any] = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig")), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"the body is no CSV: {error}") from error
    if not rows:
        raise UserError("the body must be a CSV with a line of names and a line for each row")
    for place, row in enumerate(rows, 1):
        if None in row or None in row.values():
            raise UserError(f"row {place} of the CSV has not as many values as its first line")
    return rows


def read_json(body: bytes) -> list[dict[str, Cell]]:
    """Read rows of JSON; UserError when a row is no object of plain values."""
    rows: list[Any] = json.loads(body)["instances"]  # the server has looked at it already
    for place, row in enumerate(rows, 1):
        if not isinstance(row, dict) or any(isinstance(cell, list | dict) for cell in row.values()):
            raise UserError(f"instance {place} must be an object with a value for each column")
    return rows


def encode(outputs: Batch, facts: Mapping[str, Any]) -> list[dict[str, object]]:
    """Say for each row: its label and all probabilities, or its value."""
    classes = class_names(facts)
    if not classes:
        return [{"value": float(value)} for value in outputs["value"][:, 0]]
    found: list[dict[str, object]] = []
    for row in outputs["probabilities"]:
        each = [round(float(probability), 4) for probability in row]
        best = int(row.argmax())
        probabilities = dict(zip(classes, each, strict=True))
        found.append(
            {"label": classes[best], "probability": each[best], "probabilities": probabilities}
        )
    return found


def cases(facts: Mapping[str, Any]) -> tuple[list[Any], Batch]:
    """Return rows of the test split as they stand in the table, and the inputs made of them."""
    rows = facts["examples"]
    table = {column["name"]: [row[column["name"]] for row in rows] for column in facts["columns"]}
    return rows, encode_table(facts["columns"], table)


def answer(
    model: Predict, names: Sequence[str], examples: Batch, facts: Mapping[str, Any]
) -> list[dict[str, object]]:
    """Answer for each row what `encode` says, with its file and its number in it."""
    answers = encode(model(examples), facts)
    return [{"row": name} | found for name, found in zip(names, answers, strict=True)]
