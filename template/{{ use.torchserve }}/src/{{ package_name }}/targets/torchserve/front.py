"""TorchServe's `torchserve` command, and one more thing: it ends when whoever started it is gone.

Run as a program that leads a process group, in the server's own folder, with a pipe as its
standard input. Java and its workers join the group. The pipe closes when the process at its other
end exits, however it does, SIGKILL included: then the group is told to end, made to if it does
not, and the folder with the tokens is removed.
"""

import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

assert sys.platform != "win32"  # process.py has refused that

PATIENCE = 10  # seconds

gone = threading.Event()


def end_with_starter() -> None:
    """Wait for the pipe to close, then end the group."""
    os.read(sys.stdin.fileno(), 1)
    gone.set()
    os.killpg(0, signal.SIGTERM)
    time.sleep(PATIENCE)
    clear()


def clear() -> None:
    """Leave nothing behind: no files, no process, not even this one."""
    shutil.rmtree(Path.cwd(), ignore_errors=True)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    from ts.model_server import start

    # This process only waits for Java, which ends in its own way when the group is told to.
    signal.signal(signal.SIGTERM, lambda number, frame: None)
    signal.signal(signal.SIGINT, lambda number, frame: None)
    threading.Thread(target=end_with_starter, daemon=True).start()
    start()
    if gone.is_set():
        clear()
