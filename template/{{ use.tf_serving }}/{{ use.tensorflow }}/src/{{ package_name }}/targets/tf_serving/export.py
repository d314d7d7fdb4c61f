"""TensorFlow to a SavedModel, with a request that warms a server up."""

import logging
from pathlib import Path

import numpy as np
import tensorflow as tf

from ... import project
from ...inference import load_network
from ...model import answer_model
from ...runs import Run
from .. import Exported
from ..manifest import Tensor
from . import SIGNATURE, VERSION
from .messages import prediction_log_pb2, to_proto

WARM_UP = "assets.extra/tf_serving_warmup_requests"  # where TensorFlow Serving looks for it


def export(run: Run, folder: Path, precision: str) -> Exported:
    """Write `NAME/1/` with a free batch size; returns what goes in and what comes out."""
    answer = answer_model(load_network(run))
    shape, classes = run.card()["input_shape"], run.card()["classes"]

    @tf.function(input_signature=[tf.TensorSpec([None, *shape], tf.float32, name="images")])
    def predict(images: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"probabilities": answer(images, training=False)}

    module = tf.Module()
    module.weights = [weight.value for weight in answer.weights]
    name = project.project().name
    model = folder / name / str(VERSION)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    tf.saved_model.save(module, str(model), signatures={SIGNATURE: predict})

    ramp = np.linspace(0, 1, int(np.prod(shape)), dtype=np.float32).reshape(1, *shape)
    write_warm_up(model / WARM_UP, name, ramp)
    output = predict(ramp)["probabilities"].numpy()[0].tolist()
    return Exported(
        inputs=(Tensor("images", "float32", (None, *shape)),),
        outputs=(Tensor("probabilities", "float32", (None, len(classes))),),
        models={precision: f"{name}/{VERSION}/saved_model.pb"},
        # For any server to be tried with: what TensorFlow itself answers for this input.
        details={
            "signature": SIGNATURE,
            "version": VERSION,
            "probe": {"input": "a ramp from 0 to 1", "output": output},
        },
    )


def write_warm_up(file: Path, name: str, inputs: np.ndarray) -> None:
    """Record one request: a server replays it before it answers, as the first takes longest."""
    log = prediction_log_pb2.PredictionLog()
    request = log.predict_log.request
    request.model_spec.name = name
    request.model_spec.signature_name = SIGNATURE
    request.inputs["images"].CopyFrom(to_proto(inputs))
    file.parent.mkdir(parents=True)
    with tf.io.TFRecordWriter(str(file)) as writer:
        writer.write(log.SerializeToString())
