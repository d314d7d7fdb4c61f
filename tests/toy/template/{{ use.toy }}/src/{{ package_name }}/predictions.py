"""From texts on the command line to inputs, and from outputs to answers in words."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .errors import UserError
from .signature import Batch, Predict
from .task import DataSettings

EXAMPLE = "predict 12.5,3,1,2"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `predict` answers for to the command line."""
    text = "kilometres, kilograms, zone and kind, such as 12.5,3,1,2"
    parser.add_argument("deliveries", nargs="+", metavar="DELIVERY", help=text)


def read_examples(
    given: argparse.Namespace, settings: DataSettings, facts: Mapping[str, Any]
) -> tuple[list[str], Batch]:
    """Read deliveries; UserError when one is no four numbers, or a code is unknown."""
    try:
        rows = np.array([[float(x) for x in text.split(",")] for text in given.deliveries])
        numbers, codes = rows[:, :2].astype(np.float32), rows[:, 2:].astype(np.int32)
        if codes.shape[1] != 2 or (codes < 0).any() or (codes >= facts["codes"]).any():
            raise ValueError
    except (ValueError, IndexError) as error:
        raise UserError("a delivery is four numbers, such as 12.5,3,1,2") from error
    return list(given.deliveries), {"numbers": numbers, "codes": codes}


def answer(
    model: Predict, names: Sequence[str], examples: Batch, facts: Mapping[str, Any]
) -> list[dict[str, object]]:
    """Answer for each delivery: its price, and whether it is express."""
    found = model(examples)
    return [
        {"delivery": name, "value": float(price), "express": bool(express)}
        for name, price, express in zip(
            names, found["price"][:, 0], found["express"][:, 0], strict=True
        )
    ]
