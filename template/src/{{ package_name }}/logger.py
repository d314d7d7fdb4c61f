"""What a training reports while it runs: a progress bar, metrics.jsonl, and the tracker."""

import contextlib
import json
import math
import os
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from tqdm import tqdm

from .errors import UserError
from .printing import counted
from .runs import Run
from .schedule import Schedule
from .tracking import Outcome, Tracker

FIRST_LINE, LONGEST_PAUSE = 2.0, 60.0  # seconds between two lines in a log file
BAR = "{percentage:3.0f}% {bar} {n_fmt}/{total_fmt} {elapsed}<{remaining}{postfix}"


class Logger:
    """Write every figure once to metrics.jsonl and the tracker, and show the last ones.

    A run that this process does not write is not shown either.
    """

    def __init__(self, run: Run, schedule: Schedule, first_step: int) -> None:
        run.forget_metrics_after(first_step)
        file = run.path / "metrics.jsonl" if run.writes else Path(os.devnull)
        self._file = file.open("a", encoding="utf-8")
        self._run = run
        self._tracker: Tracker | None = None
        with self._tracking():
            self._tracker = Tracker(run, first_step) if run.writes else None
        self._schedule = schedule
        self._step = first_step
        self._clock = time.perf_counter()
        # A resumed run goes on counting where it stopped.
        before = max((record.get("seconds", 0) for record in run.metrics()), default=0)
        self._start = self._clock - before
        # Without a terminal a bar would fill a log file; `tick` and `result` print lines there.
        self._bar = tqdm(
            total=schedule.steps,
            initial=first_step,
            bar_format=BAR,
            dynamic_ncols=True,
            disable=not (run.writes and sys.stderr.isatty()),
        )
        self._prints = run.writes and self._bar.disable
        if self._prints:
            told = f"training {counted(schedule.steps, 'step')} of {schedule.batch_size}"
            print(told, file=sys.stderr)
        self._pace_since: tuple[int, float] | None = None  # a step, and when it had been done
        self._pause = FIRST_LINE
        self._next = self._clock + FIRST_LINE

    def __enter__(self) -> "Logger":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.close()
        self._file.close()
        with self._tracking():
            if self._tracker:
                self._tracker.close(self._outcome(error))

    def tick(self, step: int) -> None:
        """Show how far the training is, by time, however long a step takes."""
        now = time.perf_counter()
        if not self._bar.disable:
            self._bar.update(step - self._bar.n)
        elif self._prints and step < self._schedule.steps:
            since = self._pace_since
            # The first call compiles, or loads what the others have then: it is no part of a pace.
            self._pace_since = since or (step, now)
            if now < self._next:
                return
            if since is None:
                how = f"{now - self._clock:.0f} s for the beginning, which is the slowest part"
            else:
                rate = (step - since[0]) / (now - since[1])
                left = tqdm.format_interval((self._schedule.steps - step) / rate)
                how = f"about {left} to go"
                self._pace_since = step, now  # the next line goes by the pace since this one
            print(f"step {step}/{self._schedule.steps}: {how}", file=sys.stderr)
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
            self._next = now + self._pause

    def training(self, step: int, figures: dict[str, float]) -> None:
        """Report the means of the steps since the last call; UserError when they are no numbers."""
        if not all(math.isfinite(value) for value in figures.values()):
            raise UserError(f"the loss is no number any more at step {step}; lower --learning-rate")
        now = time.perf_counter()
        rate = (step - self._step) * self._schedule.batch_size / max(now - self._clock, 1e-9)
        self._bar.set_postfix_str(
            ", ".join(f"{k} {v:.3f}" for k, v in figures.items() if k != "learning_rate")
            + f", {rate:,.0f} samples/s",
            refresh=False,
        )
        self._bar.update(step - self._bar.n)
        if step == self._schedule.steps:
            self._bar.refresh()  # it would stand at 99 % while the test split is evaluated
        speed = {"samples_per_second": round(rate, 1), "seconds": self.seconds}
        self._write(step, "train", figures | speed)
        self._step, self._clock = step, now

    def result(
        self, step: int, split: str, figures: dict[str, float], weights_step: int | None = None
    ) -> None:
        """Report the figures of the validation or the test split.

        `weights_step` is the step whose weights were measured, where it may be an earlier one.
        """
        self._write(step, split, figures)
        if self._prints:
            values = ", ".join(f"{name} {value:.4f}" for name, value in figures.items())
            earlier = weights_step not in (None, step)
            split += f", with the weights of step {weights_step}:" if earlier else ""
            print(f"step {step}/{self._schedule.steps}: {split} {values}", file=sys.stderr)
        self._clock = time.perf_counter()  # evaluating is not training

    @property
    def seconds(self) -> float:
        """Seconds that the training has taken, evaluations included."""
        return round(time.perf_counter() - self._start, 3)

    @property
    def samples_per_second(self) -> float:
        """Samples trained per second, over all of that time."""
        samples = self._step * self._schedule.batch_size
        return round(samples / max(time.perf_counter() - self._start, 1e-9), 1)

    def _write(self, step: int, split: str, figures: dict[str, float]) -> None:
        record = {"step": step, "epoch": self._schedule.epoch(step), "split": split} | figures
        self._file.write(json.dumps(record) + "\n")
        self._file.flush()
        with self._tracking():
            if self._tracker:
                named = {f"{split}/{name}": value for name, value in figures.items()}
                self._tracker.scalars(step, named)

    def _outcome(self, error: BaseException | None) -> Outcome:
        """Say how the training ended; a signal ends it early without an error."""
        if error is None:
            return "finished" if self._run.finished else "stopped"
        return "stopped" if isinstance(error, KeyboardInterrupt) else "failed"

    @contextlib.contextmanager
    def _tracking(self) -> Iterator[None]:
        """Go on without the tracker once it has failed, whatever its library raises."""
        try:
            yield
        except Exception as error:
            self._tracker = None
            reason = textwrap.shorten(f"{type(error).__name__}: {error}", 200, placeholder="…")
            tqdm.write(
                "warning: the tracker is left out from here on, training goes on and"
                f" metrics.jsonl has everything ({reason})",
                sys.stderr,
            )
