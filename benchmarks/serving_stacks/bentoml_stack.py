"""A BentoML service with one worker. bentoml serve bentoml_stack:Service."""

from typing import Any

import bentoml
from network import NAME, Network


@bentoml.service(workers=1, metrics={"enabled": False}, logging={"access": {"enabled": False}})
class Service:
    """The model as BentoML's worker runs it."""

    def __init__(self) -> None:
        self.network = Network()

    @bentoml.api(route=f"/v2/models/{NAME}/infer")
    def infer(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        """Answer one request."""
        return self.network.answer({"inputs": inputs})
