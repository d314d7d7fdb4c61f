"""From tables to inputs, and from outputs to answers in words."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from . import columns, delimited
from .columns import Cell
from .data import class_names
from .errors import UserError
from .plain_text import visible
from .signature import Batch, Predict, count
from .task import DataSettings

EXAMPLE = "predict examples/passengers.csv"
MEDIA_TYPES = ("text/csv", "application/json")
"""what `decode` reads from the body of a request"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `predict` answers for to the command line."""
    text = "CSV, JSON Lines or Parquet with the columns that the network learned from"
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

    commas = [column["name"] for column in facts["columns"] if column.get("decimal") == ","]
    table = read_table(source, commas=commas)
    try:
        batch = inputs_of(table, facts)
    except UserError as error:
        raise UserError(f"{source}: {error}") from error
    for note in tell_oddities(table, facts):
        print(visible(f"note: {source}: {note}"), file=sys.stderr)
    return [f"{source}:{row}" for row in range(1, count(batch) + 1)], batch


def decode(body: bytes, media_type: str, facts: Mapping[str, Any], notes: list[str]) -> Batch:
    """Read the body of a request: a CSV, or rows of JSON by the columns' names.

    They look like `{"instances": [{"COLUMN": value, ...}, ...]}`; `notes` gets what people should
    know of the values. Raises UserError.
    """
    needed = [column["name"] for column in facts["columns"]]
    table = read_json(body, needed) if media_type == "application/json" else read_csv(body)
    batch = inputs_of(table, facts)
    notes += tell_oddities(table, facts)
    return batch


def tell_oddities(table: Mapping[str, Sequence[Cell]], facts: Mapping[str, Any]) -> list[str]:
    """Say which values cannot be read, are far from those learned, unknown, or never lacked."""
    kinds = (columns.unread, columns.far, columns.unseen)
    found = [note for say in kinds for note in say(facts["columns"], table)]
    never = [column for column in facts["columns"] if not column["missing"]]
    return found + columns.missing(never, table, "rows, though in none of the training's")


def inputs_of(table: Mapping[str, Sequence[Cell]], facts: Mapping[str, Any]) -> Batch:
    """Make the network's inputs of a table; UserError where it lacks a column."""
    try:
        return columns.encode(facts["columns"], table)
    except ValueError as error:
        raise UserError(str(error)) from error


def read_csv(body: bytes) -> Mapping[str, Sequence[Cell]]:
    """Read a CSV in UTF-8; UserError when it is none."""
    try:
        return delimited.parse(body.decode("utf-8-sig"))
    except ValueError as error:  # UnicodeDecodeError is one
        raise UserError(f"the body is not a CSV that can be read: {error}") from error


def read_json(body: bytes, needed: Sequence[str]) -> Mapping[str, Sequence[Cell]]:
    """Read rows of JSON; UserError when a row is no object of plain values, or lacks a column."""
    rows: list[Any] = json.loads(body)["instances"]  # the server has looked at it already
    for place, row in enumerate(rows, 1):
        if not isinstance(row, dict) or any(isinstance(cell, list | dict) for cell in row.values()):
            raise UserError(f"instance {place} must be an object with a value for each column")
        if lacking := ", ".join(name for name in needed if name not in row):
            raise UserError(
                f"instance {place} lacks {lacking[:200]}; null says that a value is missing"
            )
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


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
    return rows, inputs_of(table, facts)


def answer(
    model: Predict, names: Sequence[str], examples: Batch, facts: Mapping[str, Any]
) -> list[dict[str, object]]:
    """Answer for each row what `encode` says, with its file and its number in it."""
    answers = encode(model(examples), facts)
    return [{"row": name} | found for name, found in zip(names, answers, strict=True)]
