"""Divide texts into three parts: by group, or class by class with all copies of a text together."""

from collections.abc import Sequence

import numpy as np

from . import partition
from .collection import Collection, shorten
from .errors import UserError
from .task import DataSettings


def split(collection: Collection, labels: np.ndarray, settings: DataSettings) -> partition.Places:
    """Return the places of the texts that train, validate and test, each in ascending order.

    `labels` are the numbers of the classes, [n]. Raises UserError when a part would be empty.
    """
    places = divide(collection, labels, settings.validation_fraction, settings.test_fraction)
    trained = np.unique(labels[places[0]])
    if len(trained) == 1:
        label = collection.labels[places[0][0]]
        raise UserError(f"all texts that train have the label {label!r}; there are too few groups")
    return places


def divide(collection: Collection, labels: np.ndarray, *shares: float) -> partition.Places:
    """Divide by group where there are groups, else class by class; `shares` as in `partition`."""
    if collection.groups:
        return partition.by_group(collection.groups, *shares)
    first: dict[str, int] = {}
    for place, text in enumerate(collection.texts):
        first.setdefault(text, place)
    # Class by class, each text once; its copies go where it goes.
    originals = np.array([*first.values()])
    parts = partition.by_class(labels[originals], *shares)
    owner = np.zeros(len(labels), np.int64)
    for number, part in enumerate(parts):
        owner[originals[part]] = number
    owner = owner[[first[text] for text in collection.texts]]
    train, validation, test = (np.flatnonzero(owner == number) for number in range(3))
    return train, validation, test


def find_copies(texts: Sequence[str], places: partition.Places) -> list[str]:
    """Say so where texts that test are among those that train, which makes results look better."""
    trained = {texts[place] for place in places[0]}
    again = [texts[place] for place in places[2] if texts[place] in trained]
    if not again:
        return []
    return [
        f"note: {len(again):,} of {len(places[2]):,} texts that test are among those that train,"
        f" such as {shorten(again[0])}"
    ]
