"""The same few lines around the same model for every stack: a v2 message in, a v2 message out."""

import os
from typing import Any

import numpy as np
import onnxruntime

NAME = os.environ["MODEL_NAME"]


def open_session() -> onnxruntime.InferenceSession:
    """Open the file that $ONNX_MODEL names, for one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        os.environ["ONNX_MODEL"], options, providers=["CPUExecutionProvider"]
    )


class Network:
    """The model, and its first input and output by name."""

    def __init__(self) -> None:
        self.session = open_session()
        self.source = self.session.get_inputs()[0].name
        self.target = self.session.get_outputs()[0].name

    def images(self) -> np.ndarray:
        """Make one image, always the same."""
        shape = [n if isinstance(n, int) else 1 for n in self.session.get_inputs()[0].shape]
        return np.random.default_rng(0).random(shape, np.float32)

    def compute(self, images: np.ndarray) -> np.ndarray:
        """Answer images, float32 [n, height, width, channels]: probabilities, [n, classes]."""
        probabilities: np.ndarray = self.session.run([self.target], {self.source: images})[0]
        return probabilities

    def answer(self, message: dict[str, Any]) -> dict[str, Any]:
        """Answer a message that was read from JSON with one that can be written as JSON."""
        (entry,) = message["inputs"]
        images = np.array(entry["data"], np.float32).reshape(entry["shape"])
        probabilities = self.compute(images)
        output = {
            "name": self.target,
            "datatype": "FP32",
            "shape": list(probabilities.shape),
            "data": probabilities.ravel().tolist(),
        }
        return {"model_name": NAME, "model_version": "1", "outputs": [output]}
