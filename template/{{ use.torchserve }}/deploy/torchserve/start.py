"""The container's first process: TorchServe's own command, which Java gets the signal to stop from.

Without it, `docker stop` would wait ten seconds and then kill: a first process that does not ask
for a signal gets none.
"""

import signal

import psutil
from ts.model_server import start


def stop(number: int, frame: object) -> None:
    """Tell Java to end; it ends its workers."""
    for child in psutil.Process().children():
        child.terminate()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    start()
