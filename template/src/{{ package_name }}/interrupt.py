"""Ctrl-C and SIGTERM end a training between two steps, not in the middle of one."""

import contextlib
import os
import signal
import socket
import sys
import threading
from types import FrameType, TracebackType
from typing import Any

from .project import command
from .runs import Run

PATIENCE = 5.0  # seconds that the step under way may take, once a signal has come
STOPS = (KeyboardInterrupt, SystemExit)  # what a signal before the first step raises


class Interrupt:
    """Remember a signal while steps are trained; before that there is nothing to save.

    Python tells of a signal only when the code under way comes back to it, which one call of a
    framework may take minutes to do. So a thread reads the signals from a socket as well: it says
    at once that they were heard, and ends a run whose step takes too long.
    """

    def __init__(self, run: Run, quiet: bool = False) -> None:
        self._quiet = quiet  # another process tells people that the signal was heard
        self.caught: signal.Signals | None = None
        self._run = run
        self._training = False
        self._before: dict[signal.Signals, Any] = {}
        self._timer = threading.Timer(PATIENCE, self._leave)

    def __enter__(self) -> "Interrupt":
        self._receiver, self._sender = socket.socketpair()
        self._sender.setblocking(False)
        self._wakeup = signal.set_wakeup_fd(self._sender.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._handle)
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup)
        self._sender.close()  # which ends the thread
        # One that wakes up while Python comes to its end may abort the whole process.
        self._watcher.join()
        stopped = self.caught and kind is not None and issubclass(kind, STOPS)
        if stopped and not self._quiet and not self._run.kept:
            say("stopped before the first step; nothing was kept")
            raise SystemExit(self.exit_code)  # all is said

    def begin_training(self) -> None:
        """From now on a signal ends the training after the step under way."""
        self._training = True

    def due(self) -> bool:
        """Whether the training is to end here, between two steps."""
        if self.caught is None:
            return False
        self._timer.cancel()
        return True

    @property
    def exit_code(self) -> int:
        """Return what a shell expects of a program that a signal has ended."""
        return 128 + (self.caught or signal.SIGTERM)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        """Hear a signal in the main thread, between two lines of Python."""
        if not self._training:
            raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)

    def _watch(self) -> None:
        """Hear signals in a thread, at any time."""
        with contextlib.suppress(OSError), self._receiver:
            while heard := self._receiver.recv(1):
                if heard[0] not in (signal.SIGINT, signal.SIGTERM):
                    continue
                if self.caught is None:
                    self.caught = signal.Signals(heard[0])
                    after = "after this step; a second Ctrl-C stops at once"
                    if not self._quiet:
                        say(f"stopping {after}" if self._training else "stopping")
                    self._timer.daemon = True
                    self._timer.start()
                elif heard[0] == signal.SIGINT:
                    self._leave()

    def _leave(self) -> None:
        """End the program now, on the last checkpoint, which is whole whatever is being written."""
        made = sorted(self._run.checkpoints.glob("step-*.ckpt"))
        if not self._run.writes:
            pass  # the first process tells
        elif made:
            step = int(made[-1].name.split("-")[1])
            say(f"the run ends on its last checkpoint, of step {step}")
            say(f"to go on: {command()} {self._run.resuming}")
        else:
            say("nothing was saved, as there was no checkpoint yet")
            self._run.discard_if_empty()
        os._exit(self.exit_code)


def say(text: str) -> None:
    """Print a line for people, below a progress bar where there is one."""
    print(f"\n{text}" if sys.stderr.isatty() else text, file=sys.stderr, flush=True)
