"""From the user's own files to inputs, and from outputs to answers in words."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .data import read_image
from .signature import Batch, Predict
from .task import DataSettings

EXAMPLE = "predict examples/seven.png"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `predict` answers for to the command line."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="images to answer for")


def read_examples(
    given: argparse.Namespace, settings: DataSettings, facts: Mapping[str, Any]
) -> tuple[list[str], Batch]:
    """Read the files as one batch; returns their names with it.

    Raises UserError when a file is missing or is no image.
    """
    images = np.stack([read_image(file, settings) for file in given.files])
    return [str(file) for file in given.files], {"images": images}


def answer(
    model: Predict, names: Sequence[str], examples: Batch, facts: Mapping[str, Any]
) -> list[dict[str, object]]:
    """Answer for each example: its label, the label's probability, and all probabilities."""
    found: list[dict[str, object]] = []
    for name, row in zip(names, model(examples)["probabilities"], strict=True):
        each = [round(float(probability), 4) for probability in row]
        label = facts["classes"][int(row.argmax())]
        probabilities = dict(zip(facts["classes"], each, strict=True))
        answered = {"label": label, "probability": max(each), "probabilities": probabilities}
        found.append({"file": name} | answered)
    return found
