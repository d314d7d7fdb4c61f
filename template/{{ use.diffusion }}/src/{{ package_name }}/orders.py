"""What is asked for: images of a label, how many, and the seed of their noise."""

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import noise
from .errors import UserError
from .plain_text import visible
from .signature import Batch

LARGEST_SEED = 2**32 - 1
LARGEST_GUIDANCE = 20.0
SHOWN = 10  # labels that a sentence names
FIELDS = {"label", "count", "seed", "guidance"}


@dataclass(frozen=True)
class Order:
    """Images of one label."""

    label: str
    count: int = 1
    seed: int = 0
    guidance: float | None = None
    """the data's own where it is None"""


def label_number(label: str, classes: Sequence[str]) -> int:
    """Find a label; UserError that names those that there are."""
    # Names of folders may come with their accents as characters of their own, as macOS writes them.
    names = [unicodedata.normalize("NFC", name) for name in classes]
    if (wanted := unicodedata.normalize("NFC", label)) in names:
        return names.index(wanted)
    more = f" and {len(classes) - SHOWN} more" if len(classes) > SHOWN else ""
    known = ", ".join(map(visible, classes[:SHOWN]))
    raise UserError(f"there is no label {visible(label[:60])!r}; labels here: {known}{more}")


def inputs_of(orders: Sequence[Order], most: int, facts: Mapping[str, Any]) -> Batch:
    """Make the inputs for the sampler: noise, labels, and what answers name.

    Raises UserError for an unknown label, or for more than `most` images together.
    """
    numbers = [label_number(order.label, facts["classes"]) for order in orders]
    total = sum(order.count for order in orders)
    if total > most:
        raise UserError(f"{total} images are too many; at most {most} at once")
    shape = tuple(facts["shape"])
    size = int(np.prod(shape))
    rows: dict[str, list[Any]] = {name: [] for name in ("labels", "seeds", "places", "guidance")}
    drawn = []
    for order, number in zip(orders, numbers, strict=True):
        places = np.arange(order.count)
        drawn.append(noise.normal(order.seed, places, size).reshape(order.count, *shape))
        given = facts["guidance"] if order.guidance is None else order.guidance
        rows["labels"] += [number] * order.count
        rows["seeds"] += [order.seed] * order.count
        rows["places"] += places.tolist()
        rows["guidance"] += [given] * order.count
    return {
        "images": np.concatenate(drawn),
        "times": np.zeros((total, 1), np.float32),
        "labels": np.array(rows["labels"], np.int32)[:, None],
        "seeds": np.array(rows["seeds"], np.int64)[:, None],
        "places": np.array(rows["places"], np.int64)[:, None],
        "guidance": np.array(rows["guidance"], np.float32)[:, None],
    }


def read_json(body: bytes) -> list[Order]:
    """Read `{"instances": [{"label": "7", "count": 4, "seed": 1, "guidance": 2}, ...]}`.

    Only the label is needed. Raises UserError for what is no order.
    """
    rows: list[Any] = json.loads(body)["instances"]  # the server has looked at it already
    if not rows:
        raise UserError("there are no instances")
    return [read_order(row) for row in rows]


def read_order(row: Any) -> Order:
    """Read one order; UserError where a field is missing, unknown or of another type."""
    if not isinstance(row, dict) or "label" not in row or row.keys() - FIELDS:
        raise UserError("an instance has label, and perhaps count, seed and guidance, and no more")
    label, count, seed = row["label"], row.get("count", 1), row.get("seed", 0)
    if not isinstance(label, str):
        raise UserError("label must be a text")
    if not is_whole(count) or count < 1:
        raise UserError("count must be a whole number of at least 1")
    if not is_whole(seed) or not 0 <= seed <= LARGEST_SEED:
        raise UserError(f"seed must be a whole number from 0 to {LARGEST_SEED}")
    guidance = row.get("guidance")
    if guidance is not None and not is_guidance(guidance):
        raise UserError(f"guidance must be a number from 1 to {LARGEST_GUIDANCE:g}")
    return Order(label, count, seed, guidance)


def is_whole(value: object) -> bool:
    """Say whether a value is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_guidance(value: object) -> bool:
    """Say whether a value is a number within the limits of guidance; NaN is not."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and 1 <= float(str(value)) <= LARGEST_GUIDANCE
