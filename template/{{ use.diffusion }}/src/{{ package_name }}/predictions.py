"""From labels to images: what is asked for on the command line and over HTTP, and the files."""

import argparse
import base64
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from . import orders, sampler
from .errors import UserError
from .orders import Order
from .plain_text import visible
from .sheet import png, sheet_of, side_by_side, to_bytes
from .signature import Batch, Predict, count
from .storage import write_atomic
from .task import DataSettings

EXAMPLE = "predict --label 7 --count 16 --seed 1"
MEDIA_TYPES = ("application/json",)
"""what `decode` reads from the body of a request"""
MOST_ASKED, MOST_REQUESTED = 10_000, 64  # images on one command line, and in one request
OUT = Path("pictures")
SAFE = re.compile(r"[\w-]{1,40}")  # a label that a file can be called by
SKETCHED = (10, 6)  # labels in a sketch, at most, and images of each
CASE_SEED = 1


@dataclass(frozen=True)
class Request:
    """Orders of one command line, and where the images go."""

    labels: tuple[str, ...]
    """of every class where there are none"""
    count: int
    seed: int
    guidance: float | None
    sampling_steps: int | None
    out: Path

    def __str__(self) -> str:
        return f"images of {', '.join(self.labels) or 'every label'}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `predict` draws to the command line."""
    labels = "of which to draw images; of each class by default"
    parser.add_argument("--label", nargs="+", metavar="LABEL", default=[], help=labels)
    parser.add_argument("--count", type=int, metavar="N", default=8, help="images of each label")
    parser.add_argument("--seed", type=int, metavar="N", default=0, help="of the noise")
    text = "how closely images follow their label, 1 to 20; the run's own by default"
    parser.add_argument("--guidance", type=float, metavar="X", help=text)
    text = "steps from noise to an image; the run's own by default"
    parser.add_argument("--sampling-steps", type=int, metavar="N", help=text)
    text = "folder for the images; default: %(default)s"
    parser.add_argument("--out", type=Path, metavar="DIR", default=OUT, help=text)


def sources(given: argparse.Namespace) -> list[Request]:
    """Return the one request of a command line; UserError for numbers out of their range."""
    steps = given.sampling_steps
    if given.count < 1:
        raise UserError(f"--count must be at least 1, not {given.count}")
    if not 0 <= given.seed <= orders.LARGEST_SEED:
        raise UserError(f"--seed must be from 0 to {orders.LARGEST_SEED}, not {given.seed}")
    if given.guidance is not None and not orders.is_guidance(given.guidance):
        largest = orders.LARGEST_GUIDANCE
        raise UserError(f"--guidance must be from 1 to {largest:g}, not {given.guidance}")
    if steps is not None and not 1 <= steps <= 1000:
        raise UserError(f"--sampling-steps must be from 1 to 1000, not {steps}")
    if given.out.exists() and not given.out.is_dir():
        raise UserError(f"{visible(str(given.out))} is a file; --out takes a folder")
    labels = tuple(dict.fromkeys(given.label))
    return [Request(labels, given.count, given.seed, given.guidance, steps, given.out)]


def read_examples(
    source: Request, settings: DataSettings, facts: Mapping[str, Any]
) -> tuple[list[str], Batch]:
    """Make the noise; returns the names of the files that the images will be in with it.

    Raises UserError for a label that there is not.
    """
    labels = source.labels or tuple(facts["classes"])
    asked = [Order(label, source.count, source.seed, source.guidance) for label in labels]
    inputs = orders.inputs_of(asked, MOST_ASKED, facts)
    if source.sampling_steps is not None:
        inputs["sampling_steps"] = np.full((count(inputs), 1), source.sampling_steps)
    digits = max(len(str(source.count - 1)), 3)
    names = [
        (source.out / f"{stem(label, facts)}-{source.seed}-{place:0{digits}}.png").as_posix()
        for label in labels
        for place in range(source.count)
    ]
    return names, inputs


def stem(label: str, facts: Mapping[str, Any]) -> str:
    """Begin the names of a label's files: with the label, or its number where it is no name."""
    number = orders.label_number(label, facts["classes"])
    return label if SAFE.fullmatch(label) else f"class{number}"


def compute(model: Predict, inputs: Batch, facts: Mapping[str, Any]) -> Batch:
    """Draw the images that inputs ask for; an answer takes many calls of the model."""
    return {"images": sampler.draw(model, inputs, facts)}


def answer(
    model: Predict, names: Sequence[str], examples: Batch, facts: Mapping[str, Any]
) -> list[dict[str, object]]:
    """Draw the images and write them, and a sheet of them all; no other file is overwritten.

    Raises UserError where a file of one of the names is there and is another image.
    """
    outputs = examples | compute(model, examples, facts)
    pixels = to_bytes(outputs["images"])
    files = {Path(name): png(image) for name, image in zip(names, pixels, strict=True)}
    if len(files) == 1:
        write(files)
    else:
        first, last = Path(names[0]), Path(names[-1])
        # A row for each label, where there are several.
        labels = len(np.unique(outputs["labels"]))
        columns = len(files) // labels if labels > 1 else 8
        all_of_them = first.with_name(f"{first.stem}-to-{last.stem}.png")
        write(files | {all_of_them: sheet_of(outputs["images"], columns)})
        print(visible(f"all of them: {all_of_them.as_posix()}"), file=sys.stderr)
    return [
        {"file": name} | found for name, found in zip(names, described(outputs, facts), strict=True)
    ]


def write(files: Mapping[Path, bytes]) -> None:
    """Write files, none of them over another one; UserError where one is there."""
    for file, content in files.items():
        if file.exists() and (not file.is_file() or file.read_bytes() != content):
            raise UserError(
                f"{visible(str(file))} is there already, of another run or other settings;"
                " name a folder with --out"
            )
    for file, content in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            write_atomic(file, content)


def described(outputs: Batch, facts: Mapping[str, Any]) -> list[dict[str, object]]:
    """Say what each image is: its label, its seed and its place among those of the seed."""
    return [
        {
            "label": facts["classes"][int(outputs["labels"][row, 0])],
            "seed": int(outputs["seeds"][row, 0]),
            "place": int(outputs["places"][row, 0]),
        }
        for row in range(count(outputs))
    ]


def decode(body: bytes, media_type: str, facts: Mapping[str, Any], notes: list[str]) -> Batch:
    """Read the body of a request, orders as JSON, and make the noise; UserError for no order."""
    return orders.inputs_of(orders.read_json(body), MOST_REQUESTED, facts)


def encode(outputs: Batch, facts: Mapping[str, Any]) -> list[dict[str, object]]:
    """Say for each image what it is, with its PNG in base64."""
    pixels = to_bytes(outputs["images"])
    return [
        about | {"png": base64.b64encode(png(image)).decode()}
        for about, image in zip(described(outputs, facts), pixels, strict=True)
    ]


def as_png(outputs: Batch, facts: Mapping[str, Any]) -> bytes:
    """Draw the images as one PNG, every pixel as it is."""
    return png(side_by_side(to_bytes(outputs["images"])))


FORMS: dict[str, Callable[[Batch, Mapping[str, Any]], bytes]] = {"image/png": as_png}
"""what answers may be besides JSON, for clients that accept it"""


def cases(facts: Mapping[str, Any]) -> tuple[list[Any], Batch]:
    """Return orders, one for each of some labels, and their inputs."""
    labels = facts["classes"][:2]
    asked = [Order(label, 1, CASE_SEED) for label in labels]
    return (
        [{"label": label, "seed": CASE_SEED} for label in labels],
        orders.inputs_of(asked, MOST_REQUESTED, facts),
    )


def sketch(model: Predict, facts: Mapping[str, Any]) -> bytes:
    """Draw some images as a PNG: a row for each label, always from the same noise."""
    most, each = SKETCHED
    asked = [Order(label, each) for label in facts["classes"][:most]]
    inputs = orders.inputs_of(asked, most * each, facts)
    return sheet_of(sampler.draw(model, inputs, facts), each)
