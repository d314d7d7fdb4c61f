"""Which of the processes of a training this one is, as its launcher says: TensorFlow's TF_CONFIG.

TensorFlow is not imported here, so that every command may ask.
"""

import contextlib
import json
import os
import socket

CLUSTER: dict[str, list[str]] = {}
TASK: dict[str, str | int] = {}
if text := os.environ.get("TF_CONFIG"):
    CLUSTER, TASK = json.loads(text)["cluster"], json.loads(text)["task"]

RANK = int(TASK.get("index", 0))
"""the number of this process: the first one reads and writes the run"""
SIZE = len(CLUSTER.get("worker", [""]))
"""processes of the training, on all computers together"""
HOSTS = [address.rpartition(":")[0] for address in CLUSTER.get("worker", [""])]
LOCAL_SIZE = HOSTS.count(HOSTS[RANK])
"""processes of the training on this computer"""


def environments(count: int) -> list[dict[str, str]]:
    """Return the variables that tell each of `count` processes on this computer where it belongs.

    Each sees one GPU, where there are any, as TensorFlow takes all that it sees.
    Source: https://www.tensorflow.org/guide/distributed_training#TF_CONFIG.
    """
    with contextlib.ExitStack() as held:
        free = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        cluster = {"worker": [f"127.0.0.1:{server.getsockname()[1]}" for server in free]}
    given = os.environ.get("CUDA_VISIBLE_DEVICES")
    gpus = [str(number) for number in range(count)] if given is None else given.split(",")
    return [
        {
            "TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": "worker", "index": i}}),
            "CUDA_VISIBLE_DEVICES": gpus[i % len(gpus)],
        }
        for i in range(count)
    ]
