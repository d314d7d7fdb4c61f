"""Ctrl-C and SIGTERM end the server in its own time, not in the middle of its start."""

import signal
from types import FrameType, TracebackType
from typing import Any


class Interrupt:
    """Remember the signal instead of dying of it; a second Ctrl-C ends the program at once."""

    def __init__(self) -> None:
        self.caught: signal.Signals | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "Interrupt":
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._remember)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _remember(self, number: int, frame: FrameType | None) -> None:
        if self.caught is signal.SIGINT and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.caught = signal.Signals(number)
