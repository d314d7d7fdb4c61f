"""`train --workers N`: start the processes of one training, watch them, and end with them."""

import contextlib
import math
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from .errors import PeerLostError, UserError
from .interrupt import Interrupt
from .project import command
from .ranks import environments
from .runs import Run
from .schedule import Schedule

GRACE = 5.0  # seconds that the others have to end by themselves, once one has failed
MARK = "STARTED_BY_LAUNCHER"


def launched() -> bool:
    """Whether this process is one of those that a launcher has started."""
    return MARK in os.environ


def end_with_launcher() -> None:
    """End this process as soon as the launcher is gone, however that came: its pipe closes then."""

    def wait() -> None:
        while os.read(0, 1):
            pass
        os._exit(PeerLostError.exit_code)

    threading.Thread(target=wait, daemon=True).start()


def launch(run: Run, interrupt: Interrupt) -> None:
    """Train a run with `workers` processes on this computer, until all of them have ended.

    People see the first one's lines. Raises UserError with what ended another one, and SystemExit
    with the first one's exit code where it has said itself what was wrong.
    """
    settings, training = run.config.hardware, run.config.train
    # A batch that does not divide is refused at once, not after seconds.
    Schedule(training.batch_size, training).share(0, settings.workers)
    arguments = [
        *(sys.executable, "-m", str(__package__), "train"),
        *("--resume", run.name, "--runs", str(run.path.parent)),
        *("--peer-timeout", str(settings.peer_timeout)),
        # The first one tells the others all settings; these are needed before they can hear it.
        *("--device", settings.device, "--threads", str(settings.threads)),
    ]
    with contextlib.ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
        workers: list[subprocess.Popen[bytes]] = []
        held.callback(end, workers)
        for rank, variables in enumerate(environments(settings.workers)):
            own = held.enter_context((folder / str(rank)).open("wb")) if rank else None
            workers.append(
                subprocess.Popen(
                    arguments,
                    env=os.environ | variables | {MARK: "1"},
                    stdin=subprocess.PIPE,  # closes with this process
                    stdout=own or sys.stderr,
                    stderr=own,
                    start_new_session=True,  # Ctrl-C comes to this process alone
                )
            )
        interrupt.begin_training()
        failed = watch(workers, interrupt)
        if failed is None:
            return
        if run.finished:  # the first process has written all; the others had only to end
            print(f"note: {how_it_ended(workers, failed, folder)}, after the end", file=sys.stderr)
            return
        if interrupt.caught:
            if not any(run.checkpoints.glob("step-*.ckpt")):  # it came before the first step
                raise SystemExit(interrupt.exit_code)
            return
        explain(run, failed, workers, folder)


def watch(workers: Sequence[subprocess.Popen[bytes]], interrupt: Interrupt) -> int | None:
    """Wait until all have ended and pass on signals; returns the number of the one that failed."""
    told, deadline = False, math.inf
    while None in (codes := [worker.poll() for worker in workers]):
        if interrupt.due() and not told:
            told = True
            # On Windows, Ctrl-C comes to all processes, and this would not tell but end them.
            for worker in workers if os.name != "nt" else ():
                worker.terminate()
        if any(codes) and deadline == math.inf:
            deadline = time.monotonic() + GRACE
        if time.monotonic() > deadline:
            break
        time.sleep(0.05)
    # Who has lost another one did not fail by itself.
    failed = [number for number, code in enumerate(codes) if code]
    own = [number for number in failed if codes[number] != PeerLostError.exit_code]
    return next(iter(own or failed), None)


def end(workers: Sequence[subprocess.Popen[bytes]]) -> None:
    """End what is left at once: nothing but the first process writes, and its files are whole."""
    for worker in workers:
        worker.kill()
        worker.wait()


def explain(
    run: Run, failed: int, workers: Sequence[subprocess.Popen[bytes]], folder: Path
) -> None:
    """Raise the error that tells what has ended a training."""
    code = workers[failed].returncode
    on = f"to go on: {command()} {run.resuming}"
    if code == PeerLostError.exit_code:
        raise UserError(
            f"a process has not answered for {run.config.hardware.peer_timeout} s; {on}"
        )
    if code < 0:
        raise UserError(f"{how_it_ended(workers, failed, folder)}; {on}")
    if failed == 0:
        raise SystemExit(code)
    said = what_it_said(folder, failed)
    sentence = said.rpartition("error: ")[2] if code == UserError.exit_code else said
    raise UserError(f"process {failed} of {len(workers)}: {sentence}")


def how_it_ended(workers: Sequence[subprocess.Popen[bytes]], number: int, folder: Path) -> str:
    """Tell of a process that failed, with its last line where it has ended itself."""
    code = workers[number].returncode
    name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    last = what_it_said(folder, number).rpartition("\n")[2] if name != "SIGKILL" else ""
    how = f"was ended by {name}" if code < 0 else f"ended with {name}"
    return f"process {number} of {len(workers)} {how}" + (f" ({last})" if last else "")


def what_it_said(folder: Path, number: int) -> str:
    """Read what a process has printed; people have seen the first one's lines."""
    file = folder / str(number)
    return file.read_text(encoding="utf-8", errors="replace").strip() if number else ""
