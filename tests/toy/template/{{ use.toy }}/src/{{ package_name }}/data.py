"""Deliveries, made up: what one costs, and whether it is express, from distance, weight and codes.

Rows have `numbers`, float32 [n, 2] (kilometres, kilograms), `codes`, int32 [n, 2] (zone, kind),
`price`, float32 [n, 1], and `express`, bool [n, 1].
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .dataset import ArraySplit, Dataset, golden_rows
from .signature import Batch, Signature, Tensor
from .task import DataSettings

SEED = 0  # the data stay the same, whatever the training's seed is
ZONES, KINDS = 4, 3


def load(settings: DataSettings) -> Dataset:
    """Make the deliveries; the same settings give the same arrays."""
    rng = np.random.default_rng(SEED)
    n = settings.rows
    numbers = rng.uniform((0, 0.1), (50, 20), (n, 2)).astype(np.float32)
    codes = np.stack([rng.integers(0, ZONES, n), rng.integers(0, KINDS, n)], 1).astype(np.int32)
    price = 300 + 8 * numbers[:, 0] + 20 * numbers[:, 1] + 150 * codes[:, 0]
    price = (price + rng.normal(0, settings.noise, n)).astype(np.float32)
    express = (codes[:, 1] == 2) & (numbers[:, 0] < 25)
    whole = {
        "numbers": numbers,
        "codes": codes,
        "price": price[:, None],
        "express": express[:, None],
    }
    train, validation, test = (
        ArraySplit({name: array[part] for name, array in whole.items()})
        for part in np.split(np.arange(n), [int(0.7 * n), int(0.8 * n)])
    )
    known = train.arrays
    facts = {
        "columns": ["kilometres", "kilograms"],
        "codes": [ZONES, KINDS],
        "mean": known["numbers"].mean(0).tolist(),
        "scale": known["numbers"].std(0).tolist(),
        "price": [float(known["price"].mean()), float(known["price"].std())],
    }
    return Dataset("made-up deliveries", "CC0-1.0", train, validation, test, facts)


def signature(facts: Mapping[str, Any]) -> Signature:
    """Say what a network of deliveries takes and gives."""
    most = max(facts["codes"]) - 1
    return Signature(
        (
            Tensor("numbers", "float32", (2,), "numbers", tuple(facts["columns"])),
            Tensor("codes", "int32", (2,), "categories", ("zone", "kind"), low=0, high=most),
        ),
        (
            Tensor("price", "float32", (1,), "values", ("price",)),
            Tensor("express", "bool", (1,), "flags", ("express",)),
        ),
    )


def golden(dataset: Dataset) -> Batch:
    """Choose the deliveries on which exported models are compared with the trained one."""
    return golden_rows(dataset.test, signature(dataset.facts))
