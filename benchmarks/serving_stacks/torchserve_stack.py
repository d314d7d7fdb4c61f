"""TorchServe's handler: the ONNX model, without TorchServe's own batching."""

from typing import Any

from network import Network


class Handler:
    """The model as TorchServe's worker calls it."""

    def initialize(self, context: Any) -> None:
        """Open the model in the worker."""
        self.network = Network()

    def handle(self, data: list[dict[str, Any]], context: Any) -> list[dict[str, Any]]:
        """Answer the requests of one batch."""
        return [self.network.answer(request["body"]) for request in data]
