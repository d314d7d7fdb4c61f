"""The texts: built-in ones, or a file of your own, in three splits. No framework here.

A split's rows have `tokens`, int32 [n, length], the network's input, and `target`, the numbers of
the classes, int64 [n].
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import collection, encoder, examples, reading, scores, splits
from .dataset import ArraySplit, Dataset, golden_rows
from .signature import Batch, Signature, Tensor
from .task import DataSettings

HELD = 0.95  # share of the training texts that the chosen length holds as a whole
STEP, LONGEST = 16, 512  # bytes: chosen lengths are multiples of the one, up to the other


@dataclass(frozen=True)
class TextSplit(ArraySplit):
    """A part of the texts: arrays, and where their rows are in the file."""

    rows_of_file: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    """int64 [n], from 1: the file's first row after the names; empty where there is no file"""


def load(settings: DataSettings) -> Dataset:
    """Load the texts that the settings name; the same settings give the same arrays.

    Raises UserError when there are no texts, or nothing to learn from.
    """
    notes: list[str] = []
    found = collection.read(settings, notes)
    classes = collection.find_classes(found)
    numbers = {name: number for number, name in enumerate(classes)}
    labels = np.array([numbers[label] for label in found.labels], np.int64)
    places = splits.split(found, labels, settings)
    about = encoder.describe(settings) if settings.encoder else None
    sizes = reading.measure(found.texts, about)
    length = settings.length or choose_length(sizes[places[0]])
    if about:
        length = min(length, about["most"])
    facts: dict[str, Any] = {"length": length} | ({"encoder": about} if about else {})
    codes = reading.encode(found.texts, facts)
    rows = np.array(found.rows, np.int64)
    train, validation, test = (
        TextSplit(
            {"tokens": codes[part], "target": labels[part]},
            rows_of_file=rows[part] if found.rows else rows,
        )
        for part in places
    )
    cut = int((sizes > length).sum())
    notes += scores.small_classes(classes, labels, "texts")
    notes += collection.tell_oddities(found, classes) + splits.find_copies(found.texts, places)
    if cut:
        notes.append(
            f"note: {cut:,} of {len(sizes):,} texts are longer than {length} {reading.unit(facts)},"
            f" and what is beyond is not read; the longest has {sizes.max():,} (--length)"
        )
    parts = f"{len(train):,} train, {len(validation):,} validate, {len(test):,} test"
    notes += [*found.skipped, f"{len(labels):,} texts of {len(classes)} classes: {parts}"]
    facts |= {
        "classes": classes,
        "counts": np.bincount(labels[places[0]], minlength=len(classes)).tolist(),
        "text": settings.text_column,
        "label": "language" if settings.source == collection.BUILT_IN else settings.label_column,
        "cut": cut / len(sizes),
        "examples": examples.choose([found.texts[place] for place in places[2]], length),
    }
    chosen: dict[str, object] = {"length": length}
    return Dataset(
        found.name,
        found.licence,
        train,
        validation,
        test,
        facts,
        found.skipped,
        tuple(notes),
        chosen,
    )


def choose_length(sizes: np.ndarray) -> int:
    """Return the length that holds most of some texts; `sizes` are their bytes, [n]."""
    enough = float(np.quantile(sizes, HELD))
    return int(np.clip(np.ceil(enough / STEP) * STEP, STEP, LONGEST))


def signature(facts: Mapping[str, Any]) -> Signature:
    """Say what a network of these texts takes and gives."""
    classes = tuple(facts["classes"])
    codes = Tensor(
        "tokens", "int32", (facts["length"],), "tokens", low=0, high=reading.highest(facts)
    )
    answers = Tensor("probabilities", "float32", (len(classes),), "classes", classes, low=0, high=1)
    return Signature((codes,), (answers,))


def golden(dataset: Dataset) -> Batch:
    """Choose the texts on which exported models are compared with the trained one."""
    return golden_rows(dataset.test, signature(dataset.facts))


def class_names(facts: Mapping[str, Any]) -> Sequence[str]:
    """Return the classes' names."""
    names: Sequence[str] = facts["classes"]
    return names
