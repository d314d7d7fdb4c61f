"""What a `.tflite` file says about itself: labels, and how an image becomes the input.

The slots are those of metadata_schema.fbs of TensorFlow Lite's metadata, format 1.0.0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import UserError
from ...signature import Signature
from .flatfile import unpack
from .tables import View, write

IDENTIFIER = b"M001"
LABELS = "labels.txt"
IMAGE, FEATURE = np.uint8(2), np.uint8(1)  # kinds of ContentProperties
COLOURS = {
    3: np.uint8(1),
    1: np.uint8(2),
}  # ColorSpaceType RGB and GRAYSCALE, by channels
NORMALISATION = np.uint8(1)  # kind of ProcessUnitOptions
AXIS_LABELS = np.uint8(2)  # type of AssociatedFile


@dataclass(frozen=True)
class Metadata:
    """The metadata of an image classifier; its input is (pixel - mean) / std, pixels 0 to 255."""

    name: str
    labels: tuple[str, ...]
    channels: int
    mean: float
    std: float


def lines(classes: Sequence[str]) -> tuple[str, ...]:
    """Return the classes as a file with one on each line can have them."""
    return tuple(" ".join(name.split("\n")) for name in classes)


def pack(name: str, licence: str, signature: Signature) -> tuple[bytes, dict[str, str]]:
    """Describe a classifier of images [height, width, channels].

    Returns the metadata, and the files that they name.
    """
    (image,), (answer,) = signature.inputs, signature.outputs
    numbers = {"zero": np.zeros(1, np.float32), "one": np.ones(1, np.float32)}
    stats = {0: numbers["one"], 1: numbers["zero"]}
    images = {
        0: image.name,
        1: "Pixels of 0 to 255, divided by 255",
        3: {0: IMAGE, 1: {0: COLOURS[image.shape[-1] or 1]}},
        4: [{0: NORMALISATION, 1: {0: numbers["zero"], 1: np.array([255], np.float32)}}],
        5: stats,
    }
    probabilities = {
        0: answer.name,
        1: "Probability of each class",
        3: {0: FEATURE, 1: {}},
        5: stats,
        6: [{0: LABELS, 1: "Classes, one on each line", 2: AXIS_LABELS}],
    }
    model = {0: name, 1: "Image classification", 3: [{2: [images], 3: [probabilities]}]}
    described = write(model | {5: licence, 7: "1.0.0"}, IDENTIFIER)
    return described, {LABELS: "\n".join(lines(answer.labels))}


def check(file: Path, signature: Signature) -> None:
    """Raise UserError when a file has no metadata, or other labels than the signature."""
    try:
        labels = read(file.read_bytes()).labels
    except Exception as error:  # a FlatBuffer that is none breaks in many ways
        raise UserError(f"{file} has no metadata with labels; export the model again") from error
    if labels != lines(signature.outputs[0].labels):
        raise UserError(f"{file} has other labels than its manifest; export the model again")


def read(content: bytes) -> Metadata:
    """Read the metadata of a `.tflite` file; ValueError when it has none, or no labels."""
    described, files = unpack(content)
    if described[4:8] != IDENTIFIER or LABELS not in files:
        raise ValueError("it has no metadata with labels")
    model = View(described)
    source = model.tables(3)[0].tables(2)[0]
    kinds = {int(kind): channels for channels, kind in COLOURS.items()}
    normalisation = source.tables(4)[0].table(1)
    return Metadata(
        name=model.text(0),
        labels=tuple(files[LABELS].split("\n")),
        channels=kinds[source.table(3).table(1).uint8(0)],
        mean=float(normalisation.array(0, np.float32)[0]),
        std=float(normalisation.array(1, np.float32)[0]),
    )
