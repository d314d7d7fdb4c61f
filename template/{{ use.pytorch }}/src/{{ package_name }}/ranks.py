"""Which of the processes of a training this one is, as its launcher says: torchrun's variables.

PyTorch is not imported here, so that every command may ask.
"""

import os
import socket

RANK = int(os.environ.get("RANK", "0"))
"""the number of this process: the first one reads and writes the run"""
SIZE = int(os.environ.get("WORLD_SIZE", "1"))
"""processes of the training, on all computers together"""
LOCAL_RANK = int(os.environ.get("LOCAL_RANK", "0"))
LOCAL_SIZE = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
"""processes of the training on this computer"""


def environments(count: int) -> list[dict[str, str]]:
    """Return the variables that tell each of `count` processes on this computer where it belongs.

    Source: https://docs.pytorch.org/docs/stable/elastic/run.html#environment-variables.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    shared = {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "WORLD_SIZE": str(count),
        "LOCAL_WORLD_SIZE": str(count),
    }
    return [shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)} for rank in range(count)]
