"""From texts on the command line to inputs, and from outputs to answers in words."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .errors import UserError
from .signature import Batch, Predict
from .task import DataSettings

EXAMPLE = "predict 12.5,3,1,2"
MEDIA_TYPES = ("text/csv",)
"""what `decode` reads from the body of a request"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `predict` answers for to the command line."""
    text = "kilometres, kilograms, zone and kind, such as 12.5,3,1,2"
    parser.add_argument("deliveries", nargs="+", metavar="DELIVERY", help=text)


def sources(given: argparse.Namespace) -> list[str]:
    """List the deliveries to answer for."""
    deliveries: list[str] = given.deliveries
    return deliveries


def read_examples(
    source: str, settings: DataSettings, facts: Mapping[str, Any]
) -> tuple[list[str], Batch]:
    """Read a delivery; UserError when it is no four numbers, or a code is unknown."""
    return [source], read_rows([source], facts)


def read_rows(lines: Sequence[str], facts: Mapping[str, Any]) -> Batch:
    """Read deliveries, one a line."""
    try:
        rows = np.array([[float(x) for x in line.split(",")] for line in lines])
        numbers, codes = rows[:, :2].astype(np.float32), rows[:, 2:].astype(np.int32)
        if codes.shape[1] != 2 or (codes < 0).any() or (codes >= facts["codes"]).any():
            raise ValueError
    except (ValueError, IndexError) as error:
        raise UserError("a delivery is four numbers, such as 12.5,3,1,2") from error
    return {"numbers": numbers, "codes": codes}


def decode(body: bytes, media_type: str, facts: Mapping[str, Any], notes: list[str]) -> Batch:
    """Read the body of a request, a delivery a line; the servers call this. Raises UserError."""
    return read_rows(body.decode("latin-1").split(), facts)


def encode(outputs: Batch, facts: Mapping[str, Any]) -> list[dict[str, object]]:
    """Say for each row: its price, and whether it is express."""
    columns = zip(outputs["price"][:, 0], outputs["express"][:, 0], strict=True)
    return [{"value": float(price), "express": bool(express)} for price, express in columns]


def cases(facts: Mapping[str, Any]) -> tuple[list[Any], Batch]:
    """Return deliveries for cases.json, and the inputs made of them."""
    lines = ["12.5,3,1,2", "0,0.1,0,0", "5e1,20,3,1"]
    return lines, read_rows(lines, facts)


def answer(
    model: Predict, names: Sequence[str], examples: Batch, facts: Mapping[str, Any]
) -> list[dict[str, object]]:
    """Answer for each delivery what `encode` says."""
    answers = encode(model(examples), facts)
    return [{"delivery": name} | found for name, found in zip(names, answers, strict=True)]
