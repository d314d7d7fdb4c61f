"""LitServe with one worker. python litserve_stack.py PORT."""

import sys
from typing import Any

import litserve
from network import NAME, Network


class Api(litserve.LitAPI):
    """The model as LitServe's worker runs it."""

    def setup(self, device: str) -> None:
        """Open the model in the worker."""
        self.network = Network()

    def predict(self, message: dict[str, Any]) -> dict[str, Any]:
        """Answer what was read from JSON."""
        return self.network.answer(message)


if __name__ == "__main__":  # its processes import this file again
    server = litserve.LitServer(
        Api(api_path=f"/v2/models/{NAME}/infer"), accelerator="cpu", workers_per_device=1
    )
    server.run(
        host="127.0.0.1",
        port=int(sys.argv[1]),
        num_api_servers=1,
        log_level="error",
        access_log=False,
        generate_client_file=False,
    )
