"""KServe's model server with one worker, REST alone. python kserve_stack.py PORT."""

import sys
from typing import Any

import kserve
import kserve.protocol.rest.server as rest
import uvicorn
from network import NAME, Network


class Model(kserve.Model):
    """The model behind KServe's own v2 endpoints."""

    def __init__(self) -> None:
        super().__init__(NAME)
        self.network = Network()
        self.ready = True

    def predict(
        self, payload: kserve.InferRequest, headers: dict[str, str], response_headers: Any = None
    ) -> kserve.InferResponse:
        """Answer one request."""
        probabilities = self.network.compute(payload.inputs[0].as_numpy())
        output = kserve.InferOutput(
            self.network.target, list(probabilities.shape), "FP32", probabilities.ravel().tolist()
        )
        return kserve.InferResponse(payload.id or "0", NAME, [output])


class Config(uvicorn.Config):
    """uvicorn's settings: KServe listens on all addresses and has no setting for it."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        quiet = {"host": "127.0.0.1", "access_log": False, "log_level": "error"}
        super().__init__(*arguments, **settings | quiet)


rest.uvicorn.Config = Config
kserve.ModelServer(
    http_port=int(sys.argv[1]), workers=1, enable_grpc=False, enable_latency_logging=False
).start([Model()])
