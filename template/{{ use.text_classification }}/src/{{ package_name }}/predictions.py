"""From texts to inputs, and from outputs to answers in words."""

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from . import delimited, reading, tokens
from .data import class_names
from .errors import UserError
from .plain_text import visible
from .signature import Batch, Predict
from .task import DataSettings

EXAMPLE = "predict examples/sentences.txt"
MEDIA_TYPES = ("text/plain", "text/csv", "application/json")
"""what `decode` reads from the body of a request"""
TEXTS = "texts"
"""an input of the Open Inference Protocol of which `from_texts` makes those that the model has"""

STDIN = Path("-")
TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".pq")
LINE_ENDS = re.compile("\r\n|\r|\n")
MOST_SHOWN = 200  # characters of a text by which its answer is known
MOST_NAMED = 5  # rows that a note names


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `predict` answers for to the command line."""
    text = "texts, one a line; or a CSV, JSON Lines or Parquet file with them; - is standard input"
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help=text)
    parser.add_argument("--text", action="append", default=[], help="a text; several may be given")


def sources(given: argparse.Namespace) -> list[Path | list[str]]:
    """List what to answer for: the texts of the command line together, then each file."""
    found: list[Path | list[str]] = [given.text] if given.text else []
    found += given.files
    if not found:
        raise UserError("say what to answer for: --text TEXT, a file with a text a line, or -")
    return found


def read_examples(
    source: Path | list[str], settings: DataSettings, facts: Mapping[str, Any]
) -> tuple[list[str], Batch]:
    """Read texts as one batch, with the beginnings of the `texts`; returns the place of each, too.

    Raises UserError when a file cannot be read, or has no text.
    """
    if isinstance(source, list):
        batch = from_texts(source, facts) | {"texts": beginnings(source)}
        return [f"--text:{place}" for place in range(1, len(source) + 1)], batch
    where = "standard input" if source == STDIN else str(source)
    places, texts = read_file(source, facts["text"])
    if not texts:
        raise UserError(f"{where} has no text")
    if cut := int((reading.measure(texts, facts.get("encoder")) > facts["length"]).sum()):
        most = f"{facts['length']} {reading.unit(facts)}"
        note = f"note: {where}: {cut:,} of {len(texts):,} texts are longer than {most}"
        print(visible(f"{note}, and what is beyond is not read"), file=sys.stderr)
    batch = from_texts(texts, facts) | {"texts": beginnings(texts)}
    return [f"{where}:{place}" for place in places], batch


def read_file(source: Path, column: str) -> tuple[list[int], list[str]]:
    """Read the texts of a file and their lines, or rows in a table; empty ones are left out."""
    from .table import TEXTS as KIND
    from .table import decode_text, read_table

    notes: list[str] = []
    if source == STDIN:
        found = LINE_ENDS.split(decode_text(sys.stdin.buffer.read(), "standard input", notes))
    elif source.suffix.lower() in TABLES:
        table = read_table(source, notes, kinds={column: KIND})
        if column not in table:
            known = ", ".join(table)[:300]
            raise UserError(f"{source} has no column {column!r}; it has {known}")
        found = table[column]
        notes += tell_empty(source, found)
    elif not source.is_file():
        raise UserError(f"there is no file {source}")
    else:
        found = LINE_ENDS.split(decode_text(source.read_bytes(), str(source), notes))
    if source.suffix.lower() not in TABLES and look_like_json(found):
        notes.append(f"note: {source}: its lines look like JSON, and are read as they stand")
    for note in notes:
        print(visible(note), file=sys.stderr)
    kept = [(place, text) for place, text in enumerate(found, 1) if text.strip()]
    return [place for place, _ in kept], [text for _, text in kept]


def look_like_json(lines: Sequence[str]) -> bool:
    """Say whether the first lines are objects of JSON, which are hardly meant as texts."""
    first = [line.strip() for line in lines[:3] if line.strip()]
    return bool(first) and all(line[0] == "{" and line[-1] == "}" for line in first)


def tell_empty(source: Path, texts: Sequence[str]) -> list[str]:
    """Count the rows of a table that have no text, and name the first."""
    empty = [str(row) for row, text in enumerate(texts, 1) if not text.strip()]
    if not empty:
        return []
    more = f" and {len(empty) - MOST_NAMED:,} more" if len(empty) > MOST_NAMED else ""
    rows = f"{len(empty):,} of {len(texts):,} rows have no text and are left out"
    return [f"note: {source}: {rows}: {', '.join(empty[:MOST_NAMED])}{more}"]


def from_texts(texts: Sequence[str], facts: Mapping[str, Any]) -> Batch:
    """Make the network's inputs of texts; UserError for an empty one, which tells nothing."""
    for place, text in enumerate(texts, 1):
        if not text.strip():
            raise UserError(f"text {place} is empty")
    return {"tokens": reading.encode(texts, facts)}


def decode(body: bytes, media_type: str, facts: Mapping[str, Any], notes: list[str]) -> Batch:
    """Read the body of a request: texts, one a line; a CSV; or JSON, `{"instances": ["..."]}`.

    Lines may be empty at the end alone: elsewhere answers would move up. Beside the input there are
    the `sizes` of the texts, for `encode`. Raises UserError.
    """
    if media_type == "application/json":
        return measured(read_json(body, facts["text"]), facts)
    try:
        content = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"the body is not text in UTF-8: {error}") from error
    texts = read_csv(content, facts["text"]) if media_type == "text/csv" else split_lines(content)
    if media_type == "text/plain" and look_like_json(texts):
        notes.append('the lines look like JSON, and are read as they stand; see {"instances": []}')
    if not texts:
        raise UserError("the body has no text")
    return measured(texts, facts)


def measured(texts: Sequence[str], facts: Mapping[str, Any]) -> Batch:
    """Make the network's inputs of texts, and say how long these are as a whole."""
    return from_texts(texts, facts) | {"sizes": reading.measure(texts, facts.get("encoder"))}


def split_lines(content: str) -> list[str]:
    """Take the texts out of lines; UserError for an empty one that is not at the end."""
    lines = LINE_ENDS.split(content)
    while lines and not lines[-1].strip():
        lines.pop()
    for place, line in enumerate(lines, 1):
        if not line.strip():
            raise UserError(f"line {place} is empty; each line of the body has to be a text")
    return lines


def read_csv(content: str, column: str) -> list[str]:
    """Take the texts out of a CSV."""
    try:
        table = delimited.parse(content)
    except ValueError as error:
        raise UserError(f"the body is not a CSV that can be read: {error}") from error
    if column not in table:
        raise UserError(f"the body has no column {column!r}; it has {', '.join(table)[:300]}")
    return table[column]


def read_json(body: bytes, column: str) -> list[str]:
    """Take the texts out of instances, each of which is one or has it by the column's name."""
    rows: list[Any] = json.loads(body)["instances"]  # the server has looked at it already
    texts = []
    for place, row in enumerate(rows, 1):
        text = row.get(column) if isinstance(row, dict) else row
        if not isinstance(text, str):
            raise UserError(f"instance {place} must be a text, or an object with a {column!r}")
        texts.append(text)
    return texts


def encode(outputs: Batch, facts: Mapping[str, Any]) -> list[dict[str, object]]:
    """Say for each text: its label, all probabilities, and in a `note` whether it was cut.

    `outputs` has what `decode` gave beside the inputs, too.
    """
    classes = class_names(facts)
    found: list[dict[str, object]] = []
    for row in outputs["probabilities"]:
        each = [round(float(probability), 4) for probability in row]
        best = int(row.argmax())
        probabilities = dict(zip(classes, each, strict=True))
        found.append(
            {"label": classes[best], "probability": each[best], "probabilities": probabilities}
        )
    sizes = outputs.get("sizes", np.zeros(len(found), int))
    for about, size in zip(found, sizes, strict=True):
        if size > facts["length"]:
            most = f"{facts['length']:,} of {size:,} {reading.unit(facts)}"
            about["note"] = f"only {most} were read"
    return found


def cases(facts: Mapping[str, Any]) -> tuple[list[Any], Batch]:
    """Return texts of the test split, some that programs get wrong, and the inputs made of them."""
    texts: list[Any] = facts["examples"]
    return texts, from_texts(texts, facts)


def answer(
    model: Predict, names: Sequence[str], examples: Batch, facts: Mapping[str, Any]
) -> list[dict[str, object]]:
    """Answer for each text what `encode` says, with its place and its beginning."""
    answers = encode(model({"tokens": examples["tokens"]}), facts)
    return [
        {"row": name, "text": text} | found
        for name, text, found in zip(names, examples["texts"], answers, strict=True)
    ]


def beginnings(texts: Sequence[str]) -> np.ndarray:
    """Return the beginnings of texts, to know their answers by: objects, [n]."""
    wholes = map(tokens.whole, texts)
    return np.array(
        [text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…" for text in wholes], object
    )
