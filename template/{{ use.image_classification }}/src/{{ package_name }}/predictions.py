"""From the user's own files to inputs, and from outputs to answers in words."""

import argparse
import base64
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from . import pictures
from .errors import UserError
from .examples import EXAMPLES
from .folders import walk
from .pictures import SUFFIXES, preparation, printable, read_image
from .signature import Batch, Predict, as_numbers
from .task import DataSettings

EXAMPLE = "predict examples/seven.png"
MEDIA_TYPES = pictures.MEDIA_TYPES
"""what `decode` reads from the body of a request"""
MOST_PIXELS = 2**25  # of an image in a request: a small file can be a very large picture


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `predict` answers for to the command line."""
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="images, or folders of images"
    )


def sources(given: argparse.Namespace) -> list[Path]:
    """List the files to answer for: those that were named, and the images in named folders."""
    found: list[Path] = []
    for path in given.files:
        if path.is_dir():
            inside = [file for file in walk(path) if file.suffix.lower() in SUFFIXES]
            if not inside:
                raise UserError(f"there are no images in {printable(str(path))}")
            found += inside
        else:
            found.append(path)
    return found


def read_examples(
    source: Path, settings: DataSettings, facts: Mapping[str, Any]
) -> tuple[list[str], Batch]:
    """Read a file as a batch of one; returns its name with it.

    Raises UserError when the file is missing or is no image.
    """
    image = read_image(source, preparation(facts))
    return [printable(str(source))], {"images": as_numbers(image)[None]}


def decode(body: bytes, media_type: str, facts: Mapping[str, Any], notes: list[str]) -> Batch:
    """Read the body of a request, one image, as a batch of one; the servers call this.

    Raises UserError when it is no image that can be read.
    """
    image = read_image(io.BytesIO(body), preparation(facts), MOST_PIXELS)
    return {"images": as_numbers(image)[None]}


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
    """Return images of every kind that is easily read wrong, as the bytes of files in base64."""
    files = [draw() for draw in EXAMPLES]
    images = [read_image(io.BytesIO(file), preparation(facts)) for file in files]
    texts = [base64.b64encode(file).decode() for file in files]
    return texts, {"images": as_numbers(np.stack(images))}


def answer(
    model: Predict, names: Sequence[str], examples: Batch, facts: Mapping[str, Any]
) -> list[dict[str, object]]:
    """Answer for each example what `encode` says, with the name of its file."""
    answers = encode(model(examples), facts)
    return [{"file": name} | found for name, found in zip(names, answers, strict=True)]
