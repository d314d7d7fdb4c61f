"""What TorchServe's worker runs: a list of rows in, a list of answers out, both in JSON.

This file travels inside the archive and imports nothing of this project: the network is a
`torch.export` program, and `model.json` beside it says what goes in and what comes out.
"""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch

Batch = dict[str, np.ndarray]
Tensor = dict[str, Any]  # an entry of model.json

# What JSON has for each type of elements: in words, and as Python reads it.
TYPES: dict[str, tuple[str, set[type]]] = {
    "float32": ("numbers", {int, float}),
    "int32": ("whole numbers", {int}),
    "bool": ("true or false", {bool}),
}
LIMITS: dict[str, tuple[float, float]] = {
    "float32": (float(np.finfo(np.float32).min), float(np.finfo(np.float32).max)),
    "int32": (-(2**31), 2**31 - 1),
    "bool": (False, True),
}


class Handler:
    """One model; TorchServe makes it, and calls it for one request or several at once."""

    def initialize(self, context: Any) -> None:
        """Load the model; TorchServe then calls the worker ready."""
        folder = Path(context.system_properties["model_dir"])
        about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        self.inputs: list[Tensor] = about["inputs"]
        self.outputs: list[Tensor] = about["outputs"]
        self.max_batch = int(os.environ.get("MAX_BATCH", "256"))
        self.about = {"model": context.model_name} | about | {"max_batch": self.max_batch}
        self.compute = torch.export.load(folder / "model.pt2").module()
        # The first time takes longer.
        self.predict({t["name"]: np.zeros((1, *t["shape"]), t["dtype"]) for t in self.inputs})

    def handle(self, requests: list[dict[str, Any]], context: Any) -> list[str]:
        """Answer requests that came together; a bad one does not spoil the others."""
        answers = [""] * len(requests)
        batches: dict[int, Batch] = {}
        for number, request in enumerate(requests):
            context.set_response_content_type(number, "application/json")
            try:
                body = request.get("body")
                if isinstance(body, bytes | bytearray | str) and not body:
                    answers[number] = json.dumps(self.about)  # nothing sent: what to send
                else:
                    batches[number] = self.read(body)
            except OverflowError as error:
                context.set_response_status(413, "Request Entity Too Large", number)
                answers[number] = json.dumps({"error": str(error)})
            except ValueError as error:
                context.set_response_status(400, "Bad Request", number)
                answers[number] = json.dumps({"error": str(error)})
        if batches:
            found = self.predict(concatenate(list(batches.values())))
            for number, batch in batches.items():
                rows = len(batch[self.inputs[0]["name"]])
                answers[number] = json.dumps(found[:rows])
                del found[:rows]
        return answers

    def read(self, body: object) -> Batch:
        """Read a body: a list of rows, each the value of the one input, or an object of several.

        Raises ValueError when it is not that, and OverflowError when there are too many rows.
        """
        each = [f"{t['name']}: {TYPES[t['dtype']][0]} of shape {t['shape']}" for t in self.inputs]
        several = len(each) > 1
        wanted = "a list of rows, each " + ("an object with " if several else "") + ", ".join(each)
        if body is None:
            raise ValueError(f"send {wanted}; as JSON, with Content-Type: application/json")
        if isinstance(body, bytes | bytearray | str):
            try:
                body = json.loads(body)
            except (ValueError, RecursionError):
                raise ValueError(f"the body is not JSON; send {wanted}") from None
        if not isinstance(body, list) or not body:
            raise ValueError(f"the body must be {wanted}")
        if len(body) > self.max_batch:
            raise OverflowError(f"at most {self.max_batch} rows in one request, not {len(body)}")
        if not several:
            return {t["name"]: read_array(t, body) for t in self.inputs}
        names = {t["name"] for t in self.inputs}
        if not all(isinstance(row, dict) and names <= row.keys() for row in body):
            raise ValueError(f"the body must be {wanted}")
        return {t["name"]: read_array(t, [row[t["name"]] for row in body]) for t in self.inputs}

    def predict(self, batch: Batch) -> list[Any]:
        """Compute the answers, one for each row.

        One output that means classes is answered by its label and its probabilities; other
        outputs, and several, by an object with each output's values under its name.
        """
        tensors = [torch.from_numpy(batch[t["name"]]) for t in self.inputs]
        with torch.inference_mode():
            outputs = [output.tolist() for output in self.compute(*tensors)]
        if len(self.outputs) == 1 and self.outputs[0]["content"] == "classes":
            return [by_label(self.outputs[0]["labels"], row) for row in outputs[0]]
        names = [t["name"] for t in self.outputs]
        return [dict(zip(names, row, strict=True)) for row in zip(*outputs, strict=True)]


def read_array(tensor: Tensor, values: list[Any]) -> np.ndarray:
    """Make an array [rows, ...] of what JSON has for an input; ValueError when it does not fit."""
    name, dtype, shape = tensor["name"], tensor["dtype"], tensor["shape"]
    words, types = TYPES[dtype]
    found = np.array(values, object)  # as numbers, or texts and booleans would become such
    if list(found.shape[1:]) != shape or not types.issuperset(map(type, found.flat)):
        raise ValueError(f"{name} must be {words} of shape {shape} in each row")
    low, high = (
        limit if bound is None else bound
        for limit, bound in zip(LIMITS[dtype], (tensor["low"], tensor["high"]), strict=True)
    )
    with np.errstate(invalid="ignore"):  # NaN is in no range
        inside = (found >= low) & (found <= np.array(high))  # one, or one for each column
    if not inside.all():
        raise ValueError(f"{name} must be finite, from {low} to {high}")
    return found.astype(dtype)


def by_label(labels: list[str], row: list[float]) -> dict[str, Any]:
    """Name the most probable class, and give the probability of every class."""
    return {
        "label": labels[row.index(max(row))],
        "probabilities": dict(zip(labels, row, strict=True)),
    }


def concatenate(batches: list[Batch]) -> Batch:
    """Put batches one after the other."""
    return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}
