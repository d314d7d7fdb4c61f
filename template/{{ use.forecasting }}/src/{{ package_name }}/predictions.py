"""From histories to inputs, and from outputs to forecasts."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from . import delimited, histories, times
from .columns import Cell
from .errors import UserError
from .plain_text import visible
from .signature import Batch, Predict
from .task import DataSettings

EXAMPLE = "predict examples/sales.csv"
MEDIA_TYPES = ("text/csv", "application/json")
"""what `decode` reads from the body of a request"""
INPUTS = ("history", "known")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `predict` answers for to the command line."""
    text = "CSV or Parquet with the histories of series, in the form of the training table"
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help=text)


def sources(given: argparse.Namespace) -> list[Path]:
    """List the files to answer for."""
    files: list[Path] = given.files
    return files


def read_examples(
    source: Path, settings: DataSettings, facts: Mapping[str, Any]
) -> tuple[list[str], Batch]:
    """Read the histories in a table as one batch; returns the names of their series with it.

    Raises UserError when the file is no table, lacks a column, or has no history long enough.
    """
    from .table import read_table

    table = read_table(source)
    try:
        batch, notes = inputs_of(table, facts)
    except UserError as error:
        raise UserError(f"{source}: {error}") from error
    for note in notes:
        print(visible(f"note: {source}: {note}"), file=sys.stderr)
    return [str(name) for name in batch["series"]], batch


def decode(body: bytes, media_type: str, facts: Mapping[str, Any], notes: list[str]) -> Batch:
    """Read the body of a request: a CSV, or rows of JSON by the columns' names.

    They look like `{"instances": [{"COLUMN": value, ...}, ...]}`. Beside the inputs there are the
    `series` and the `end` of each history, for `encode`; `notes` gets what people should know of
    the values. Raises UserError.
    """
    table = read_json(body) if media_type == "application/json" else read_csv(body)
    batch, found = inputs_of(table, facts)
    notes += found
    return batch


def inputs_of(
    table: Mapping[str, Sequence[Cell]], facts: Mapping[str, Any]
) -> tuple[Batch, list[str]]:
    """Make the network's inputs of a table; UserError where it lacks something."""
    try:
        return histories.read(table, facts)
    except ValueError as error:
        raise UserError(str(error)) from error


def read_csv(body: bytes) -> Mapping[str, Sequence[Cell]]:
    """Read a CSV in UTF-8; UserError when it is none."""
    try:
        return delimited.parse(body.decode("utf-8-sig"))
    except ValueError as error:  # UnicodeDecodeError is one
        raise UserError(f"the body is not a CSV that can be read: {error}") from error


def read_json(body: bytes) -> Mapping[str, Sequence[Cell]]:
    """Read rows of JSON; UserError when a row is no object of plain values."""
    rows: list[Any] = json.loads(body)["instances"]  # the server has looked at it already
    for place, row in enumerate(rows, 1):
        if not isinstance(row, dict) or any(isinstance(cell, list | dict) for cell in row.values()):
            raise UserError(f"instance {place} must be an object with a value for each column")
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def encode(outputs: Batch, facts: Mapping[str, Any]) -> list[dict[str, object]]:
    """Give the forecast of each series: when, the median, and between what it is with 80 %.

    `outputs` has what `decode` gave beside the inputs, too.
    """
    frequency = facts["time"]["frequency"]
    found: list[dict[str, object]] = []
    ends, names = outputs["end"].tolist(), outputs["series"].tolist()
    for name, end, rows in zip(names, ends, outputs["quantiles"].tolist(), strict=True):
        forecast = [
            {
                "ds": times.write(times.later(end, step, frequency), frequency),
                "median": median,
                "low": low,
                "high": high,
            }
            for step, (low, median, high) in enumerate(rows, 1)
        ]
        found.append({"series": name, "forecast": forecast})
    return found


def cases(facts: Mapping[str, Any]) -> tuple[list[Any], Batch]:
    """Return the ends of some series as CSV, and the inputs made of them."""
    texts = facts["examples"]
    if not texts:
        return [], {}
    parts = [inputs_of(read_csv(text.encode()), facts)[0] for text in texts]
    return texts, {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def answer(
    model: Predict, names: Sequence[str], examples: Batch, facts: Mapping[str, Any]
) -> list[dict[str, object]]:
    """Give the forecast of each series, by its name."""
    inputs = {name: examples[name] for name in INPUTS if name in examples}
    return encode(examples | model(inputs), facts)
