"""TensorFlow to a SavedModel, with a request that warms a server up."""

import logging
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from ... import model, project
from ...inference import load_module, traced
from ...model import ServingModule
from ...runs import Run
from ...signature import Batch, Signature, Tensor
from .. import Exported
from . import SIGNATURE, VERSION
from .messages import prediction_log_pb2, to_proto
from .runtime import WARM_UP

Others = Callable[[ServingModule, dict[str, Any]], dict[str, Any]]


def export(run: Run, folder: Path, precision: str) -> Exported:
    """Write `NAME/1/`, a SavedModel with a free batch size; NAME is the project's."""
    name = project.project().name
    module = load_module(run)
    # A task may have signatures of its own: the same outputs, from other inputs.
    others: Others = getattr(model, "further_signatures", lambda *_: {})
    further = others(module, run.card()["facts"])
    probe = write_model(module, run.signature(), folder, name, further)
    return Exported(
        models={precision: f"{name}/{VERSION}/saved_model.pb"},
        details={"signature": SIGNATURE, "version": VERSION, "probe": probe},
    )


def write_model(
    module: ServingModule,
    signature: Signature,
    folder: Path,
    name: str,
    further: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write the SavedModel and its warm-up request into `folder`.

    `further` are signatures beside the default one, as functions. Returns what any server can be
    tried with: one row of inputs, described in words, and what TensorFlow itself answers for it,
    by the outputs' names.
    """
    saved = folder / name / str(VERSION)
    function = traced(module, signature)
    # A SavedModel keeps the variables that its object tracks. Of the module only these are needed:
    # with the network in it, the file would have them several times.
    tracked = tf.Module()
    tracked.weights = module.weights
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    signatures = {SIGNATURE: function, **(further or {})}
    tf.saved_model.save(tracked, str(saved), signatures=signatures)

    inputs = {tensor.name: ramp(tensor) for tensor in signature.inputs}
    write_warm_up(saved / WARM_UP, name, inputs)
    outputs = function(*map(tf.constant, inputs.values()))
    return {
        "inputs": "from each input's low, or 0, up to its high, or 1",
        "outputs": {t.name: outputs[t.name].numpy()[0].tolist() for t in signature.outputs},
    }


def ramp(tensor: Tensor) -> np.ndarray:
    """Make one row [1, ...] of values that rise within the bounds; integers then start again.

    `deploy/tf_serving/wire.py` makes the same.
    """
    shape = [1, *(size or 1 for size in tensor.shape)]
    high = None if tensor.high is None else np.asarray(tensor.high)
    low = tensor.low
    if low is None:
        low = 0.0 if high is None else high.min() - 1
    if high is None:
        high = np.asarray(low + 1)
    places = np.arange(math.prod(shape)).reshape(shape)
    if tensor.dtype == "float32":
        rising = (high - low) * places / max(places.size - 1, 1)
    else:
        rising = places % (high - low + 1).astype(np.int64)
    return np.asarray(low + rising, tensor.dtype)


def write_warm_up(file: Path, name: str, inputs: Batch) -> None:
    """Record one request: a server replays it before it answers, as the first takes longest."""
    log = prediction_log_pb2.PredictionLog()
    request = log.predict_log.request
    request.model_spec.name = name
    request.model_spec.signature_name = SIGNATURE
    for key, array in inputs.items():
        request.inputs[key].CopyFrom(to_proto(array))
    file.parent.mkdir(parents=True)
    with tf.io.TFRecordWriter(str(file)) as writer:
        writer.write(log.SerializeToString())
