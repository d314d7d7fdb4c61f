"""Serve the artifact with TorchServe until Ctrl-C or SIGTERM."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from ...manifest import Manifest
from ...settings import ServeSettings
from .interrupt import Interrupt
from .process import KEYS, TorchServe


def serve(folder: Path, manifest: Manifest, settings: ServeSettings) -> None:
    """Serve the model in `folder`; returns when a signal has stopped all of TorchServe.

    The address, and where the tokens are, is printed once a worker is ready.
    Raises UserError when TorchServe cannot be started, or ends by itself.
    """
    with Interrupt() as interrupt, TorchServe(folder, manifest, settings) as server:
        server.wait_until_ready(lambda: interrupt.caught)
        with linked(folder.parent / f".torchserve-{server.port}", server.home) as home:
            if not interrupt.caught:
                print(
                    f"Serving {manifest.model} at http://{server.host}:{server.port}"
                    f" (TorchServe, tokens in {home / KEYS}, Ctrl-C stops)",
                    flush=True,
                )
            while server.alive() and not interrupt.caught:
                time.sleep(0.1)
            if not interrupt.caught:
                raise server.failure("ended by itself")


@contextlib.contextmanager
def linked(link: Path, home: Path) -> Iterator[Path]:
    """Make a folder known under a name that does not change; gives the name.

    Where nothing can be written, as in a container, it keeps the name it has.
    """
    try:
        link.unlink(missing_ok=True)  # of a server that was killed
        link.symlink_to(home)
    except OSError:
        yield home
        return
    try:
        yield link
    finally:
        link.unlink(missing_ok=True)
