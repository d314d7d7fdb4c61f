"""TensorBoard: `uv run tensorboard --logdir runs` shows the curves of all runs."""

import contextlib
import time
from typing import Any, Literal

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.hparams.summary_v2 import hparams_pb
from tensorboard.summary.writer.record_writer import RecordWriter

from .config import flatten
from .runs import Run

Outcome = Literal["finished", "stopped", "failed"]


class Tracker:
    """Write scalars as TensorBoard's event files into the run's folder; needs no framework.

    Each event is written at once. TensorBoard's own EventFileWriter leaves that to a thread, whose
    errors would be a traceback on the screen.
    """

    def __init__(self, run: Run, first_step: int) -> None:
        folder = run.path / "tensorboard"
        folder.mkdir(exist_ok=True)
        # TensorBoard reads the files of a folder in the order of their names.
        self._file = (folder / f"events.out.tfevents.{time.time_ns()}").open("wb")
        self._writer = RecordWriter(self._file)
        self._write(file_version="brain.Event:2")
        # Drops the points that a killed run wrote after its last checkpoint.
        self._write(step=first_step + 1, session_log=SessionLog(status=SessionLog.START))
        self._write(step=first_step, summary=hparams_pb(flatten(run.config)))

    def scalars(self, step: int, values: dict[str, float]) -> None:
        """Record figures by name, such as `train/loss`, after a number of steps."""
        points = [Summary.Value(tag=name, simple_value=value) for name, value in values.items()]
        self._write(step=step, summary=Summary(value=points))

    def close(self, outcome: Outcome) -> None:
        """Close the file, however the training ended; TensorBoard keeps no record of that."""
        self._file.close()

    def _write(self, **content: Any) -> None:
        try:
            self._writer.write(Event(wall_time=time.time(), **content).SerializeToString())
            self._file.flush()
        except OSError:
            # Now, or Python would try to write the rest when it clears the file away.
            with contextlib.suppress(OSError):
                self._file.close()
            raise
