"""Cases that programs get wrong, and what a project's Python makes of them.

Runs in the folder of a rendered project, with NumPy and Pillow: `expected.py KIND FOLDER` writes
facts.json, cases.json and expected.json. `my_model` is the project's package.
"""

import json
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np

Made = tuple[dict[str, Any], list[Any], list[Any]]  # the facts, the cases, what is expected of each


def texts() -> Made:
    from my_model import tokens
    from tests.text_lab import nasty_texts

    cases, length = nasty_texts(), 100
    facts = {"classes": ["a"], "length": length}
    return facts, cases, tokens.encode(cases, length).tolist()


def rows(columns: list[dict[str, Any]], cells: list[str]) -> Made:
    from my_model.columns import encode

    names = [column["name"] for column in columns]
    inputs = encode(columns, dict.fromkeys(names, cells))
    expected = [
        {"numbers": numbers, "codes": codes}
        for numbers, codes in zip(inputs["numbers"].tolist(), inputs["codes"].tolist(), strict=True)
    ]
    facts = {"columns": columns, "target": {"name": "kind", "classes": ["a"]}}
    return facts, [dict.fromkeys(names, cell) for cell in cells], expected


def cells() -> Made:
    from tests.row_lab import nasty_cells, nasty_columns

    return rows(nasty_columns(), nasty_cells())


def characters() -> Made:
    """What is a space, a digit or a capital letter."""
    from tests.row_lab import nasty_columns

    several = [nasty_columns()[0], {"name": "word", "kind": "category", "values": ["7", "N/"]}]
    every = [chr(point) for point in range(0x10000) if not 0xD800 <= point < 0xE000]
    return rows(several, [f"{c}7{c}" for c in every] + [f"N/{c}" for c in every[:0x3000]])


def windows(log: bool) -> Made:
    from my_model import histories, scaling

    rng, length, horizon = np.random.default_rng(0), 12, 3
    facts = {"length": length, "horizon": horizon, "log": log}
    facts |= {"scale": {"least": 0.01, "floor": 0.5}}
    cases, expected = [], []
    for number in range(400):
        values = rng.lognormal(3, 2, rng.integers(0, 2 * length))
        values[rng.random(len(values)) < rng.choice([0, 0.2, 0.6])] = np.nan
        if number % 4 == 0:
            values = values - 5 if number % 8 else np.full(length, 10_000.1)
        output = rng.normal(0, 100 if number % 5 == 0 else 1, (1, horizon, 3)).astype(np.float32)
        known = [None if np.isnan(value) else value for value in values.tolist()]
        cases.append({"values": known, "output": output.ravel().tolist()})
        last = np.concatenate([np.full(length, np.nan), values])[-length:].astype(np.float32)
        if np.count_nonzero(~np.isnan(last)) < histories.LEAST * length:
            expected.append(None)
            continue
        inputs = {"history": histories.fill(last[None])}
        found = {
            "history": inputs["history"],
            "before": scaling.before(inputs, facts)["history"],
            "after": scaling.after({"quantiles": output}, inputs, facts)["quantiles"],
        }
        expected.append({name: array.ravel().tolist() for name, array in found.items()})
    return facts, cases, expected


def pixels(transparent: bool) -> Made:
    from my_model.pictures import Preparation, prepare
    from PIL import Image

    rng, chance = np.random.default_rng(0), random.Random(0)
    sizes = [(64, 64, 8), (8, 8, 8), (3, 5, 8), (1, 1, 4), (100, 33, 28), (33, 101, 31)]
    sizes += [(240, 320, 64), (300, 2, 7), (2, 300, 7), (38, 33, 28), (39, 33, 28), (31, 24, 31)]
    sizes += [tuple(chance.choices(range(1, 120), k=3)) for _ in range(40)]
    cases, expected = [], []
    for height, width, size in sizes:
        channels, background = chance.choice([1, 3]), chance.choice([0, 17, 255])
        values = rng.integers(0, 256, (height, width, 4), np.uint8)
        if not transparent:
            values[..., 3] = 255
        how = Preparation(size, size, channels, background)
        made = prepare(Image.fromarray(values, "RGBA"), how)
        red, green, blue, alpha = np.moveaxis(values.astype(np.int64), -1, 0)
        colours = (alpha << 24 | red << 16 | green << 8 | blue).ravel().tolist()
        given = {"height": height, "width": width, "size": size, "channels": channels}
        cases.append({"pixels": colours, "background": background} | given)
        expected.append((made.ravel() / np.float32(255)).tolist())
    return {}, cases, expected


KINDS = {
    "texts": texts,
    "cells": cells,
    "characters": characters,
    "windows": lambda: windows(log=False),
    "logarithms": lambda: windows(log=True),
    "pixels": lambda: pixels(transparent=False),
    "transparent": lambda: pixels(transparent=True),
}

if __name__ == "__main__":
    for name, made in zip(("facts", "cases", "expected"), KINDS[sys.argv[1]](), strict=True):
        Path(sys.argv[2], f"{name}.json").write_text(json.dumps(made), "utf-8")
