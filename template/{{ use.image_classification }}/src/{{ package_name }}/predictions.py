"""From the user's own files to inputs, and from outputs to answers in words."""

import argparse
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .data import read_image
from .signature import Batch, Predict
from .task import DataSettings

EXAMPLE = "predict examples/seven.png"
MEDIA_TYPES = ("image/png", "image/jpeg")
"""what `decode` reads from the body of a request"""
MOST_PIXELS = 2**25  # of an image in a request: a small file can be a very large picture


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `predict` answers for to the command line."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="images to answer for")


def read_examples(
    given: argparse.Namespace, settings: DataSettings, facts: Mapping[str, Any]
) -> tuple[list[str], Batch]:
    """Read the files as one batch; returns their names with it.

    Raises UserError when a file is missing or is no image.
    """
    images = np.stack([read_image(file, facts["shape"]) for file in given.files])
    return [str(file) for file in given.files], {"images": images}


def decode(body: bytes, media_type: str, facts: Mapping[str, Any]) -> Batch:
    """Read the body of a request, one image, as a batch of one; the servers call this.

    Raises UserError when it is no image that can be read.
    """
    return {"images": read_image(io.BytesIO(body), facts["shape"], MOST_PIXELS)[None]}


def encode(outputs: Batch, facts: Mapping[str, Any]) -> list[dict[str, object]]:
    """Say for each row: its label, the label's probability, and all probabilities."""
    found: list[dict[str, object]] = []
    for row in outputs["probabilities"]:
        each = [round(float(probability), 4) for probability in row]
        label = facts["classes"][int(row.argmax())]
        probabilities = dict(zip(facts["classes"], each, strict=True))
        found.append({"label": label, "probability": max(each), "probabilities": probabilities})
    return found


def cases(facts: Mapping[str, Any]) -> tuple[list[Any], Batch]:
    """Return no examples for cases.json: images are files of their own."""
    return [], {}


def answer(
    model: Predict, names: Sequence[str], examples: Batch, facts: Mapping[str, Any]
) -> list[dict[str, object]]:
    """Answer for each example what `encode` says, with the name of its file."""
    answers = encode(model(examples), facts)
    return [{"file": name} | found for name, found in zip(names, answers, strict=True)]
