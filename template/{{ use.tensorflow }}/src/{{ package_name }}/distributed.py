"""The processes of one training: this one alone, or all that TF_CONFIG names.

In a single process every function here gives back what it is given. The GPUs of a process share
its part of every step in turn: each of them is a replica.
"""

import functools
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import keras
import numpy as np
import tensorflow as tf

from . import hardware, launcher
from .errors import PeerLostError, UserError
from .interrupt import Interrupt
from .loader import Tensors
from .ranks import RANK, SIZE
from .runs import Run
from .schedule import Schedule
from .settings import HardwareSettings
from .signature import Batch, Predict, count

T = TypeVar("T")
Train = Callable[[Run, Interrupt], None]
LOST = (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError)
STARTING = 120.0  # seconds that processes may be apart until all have made their first steps


class Watch:
    """Ends this process when another one does not answer, which TensorFlow waits for for ever."""

    def __init__(self) -> None:
        self.seconds = 300.0
        self.started = False  # until then, each takes its own time to load and trace everything

    def __enter__(self) -> None:
        seconds = self.seconds if self.started else max(self.seconds, STARTING)
        self._timer = threading.Timer(seconds, self._give_up)
        self._timer.daemon = True
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def _give_up(self) -> None:
        if not launcher.launched():  # which tells by itself
            said = f"error: another process has not answered for {self.seconds:.0f} s"
            print(f"{said}; the run stays at its last checkpoint", file=sys.stderr, flush=True)
        os._exit(PeerLostError.exit_code)


watch = Watch()
chosen: list[tf.distribute.Strategy] = []


def joined(train: Train) -> Train:
    """Let a function meet the other processes first; all get the run that the first one opened.

    Raises PeerLostError when one of them ends.
    """

    @functools.wraps(train)
    def train_together(run: Run, interrupt: Interrupt) -> None:
        settings = run.config.hardware
        if SIZE == 1:
            return train(run, interrupt)
        watch.seconds = settings.peer_timeout
        hardware.set_threads(settings)  # which cannot be changed once the processes have met
        try:
            with watch:
                choose_strategy(settings)  # waits for the others, before anything is computed
            # Together with the others, TensorFlow begins to hear SIGTERM itself, in Python's place.
            signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGTERM))
            name, config, finished = share(lambda: (run.name, run.config, run.finished))
            if not finished:
                train(run if run.writes else Run(Path(name), config, writes=False), interrupt)
        except LOST as error:
            raise PeerLostError(
                "another process has ended; the run stays at its last checkpoint"
            ) from error

    return train_together


def choose_strategy(settings: HardwareSettings) -> None:
    """Choose what divides a step: processes, all GPUs of one, or, on a device by name, nothing."""
    if SIZE > 1:
        if settings.device.lower().startswith("cpu"):
            tf.config.set_visible_devices([], "GPU")
        chosen.append(tf.distribute.MultiWorkerMirroredStrategy())
        return
    gpus = [device.name for device in tf.config.list_logical_devices("GPU")]
    several = len(gpus) > 1 and settings.device == "auto"
    chosen.append(tf.distribute.MirroredStrategy(gpus) if several else tf.distribute.get_strategy())


def strategy() -> tf.distribute.Strategy:
    """Return what `choose_strategy` has chosen."""
    return chosen[-1]


def prepare(settings: HardwareSettings, schedule: Schedule) -> None:
    """Get ready; UserError for settings that cannot be had with several processes or GPUs."""
    if SIZE == 1:
        choose_strategy(settings)
    schedule.share(0, replicas())
    if settings.shard:
        raise UserError("shard is for PyTorch; in TensorFlow every process has all weights")
    if settings.compile and replicas() > 1:
        raise UserError("compile is for a single process and a single GPU; leave it out")


def replicas() -> int:
    """Return how many replicas share a step, on all computers together."""
    return int(strategy().num_replicas_in_sync)


def replica() -> int:
    """Return which replica computes, inside of `on_every_replica`."""
    number = tf.distribute.get_replica_context().replica_id_in_sync_group
    return int(tf.get_static_value(number))


def within(batch: Tensors, rows: slice, outer: slice) -> Tensors:
    """Pick rows of a batch that has the rows `outer` of the whole one; both are places there."""
    here = slice(rows.start - outer.start, rows.stop - outer.start)
    return {name: tensor[here] for name, tensor in batch.items()}


def add_up(values: T) -> T:
    """Add up tensors over all replicas, inside of `on_every_replica`."""
    if replicas() == 1:
        return values
    context = tf.distribute.get_replica_context()
    found: T = context.all_reduce(tf.distribute.ReduceOp.SUM, values)
    return found


def on_every_replica(compute: Callable[..., T]) -> Callable[..., T]:
    """Let every replica compute its share of a step; what it returns has to be the same in all."""

    @functools.wraps(compute)
    def together(*arguments: Any) -> Any:
        found = strategy().run(compute, arguments)
        first = strategy().experimental_local_results
        return tf.nest.map_structure(lambda values: first(values)[0], found)

    return compute if replicas() == 1 else together


def total(values: np.ndarray) -> np.ndarray:
    """Add up an array over all processes: int64 or float64, of the same shape in each."""
    if SIZE == 1:
        return values
    with watch:
        found = adder(values.dtype.name)(tf.constant(values.ravel()))
        return np.asarray(found.numpy()).reshape(values.shape)


@functools.cache
def adder(dtype: str) -> Any:
    """Make the TensorFlow function that adds up vectors of any length over all processes."""

    def add(values: tf.Tensor) -> tf.Tensor:
        first = replica() % (replicas() // SIZE) == 0  # one replica for each process
        return add_up(tf.identity(values) if first else tf.zeros_like(values))

    @tf.function(input_signature=[tf.TensorSpec([None], dtype)])
    def add_on_every_replica(values: tf.Tensor) -> tf.Tensor:
        return strategy().experimental_local_results(strategy().run(add, (values,)))[0]

    return add_on_every_replica


def share(make: Callable[[], T]) -> T:
    """Give every process what the first one makes; nothing is made in the others."""
    if SIZE == 1:
        return make()
    found: T = pickle.loads(exchange(pickle.dumps(make()) if RANK == 0 else b"", 1, 0)[0])
    return found


def gather(mine: bytes) -> list[bytes]:
    """Give every process the bytes of all, in their order."""
    return exchange(mine, SIZE, RANK)


def exchange(mine: bytes, rows: int, place: int) -> list[bytes]:
    """Put bytes at a place among so many rows of bytes, which all processes get.

    They travel as whole numbers of eight bytes. To those of a process all others add zeros, which
    is exact.
    """
    lengths = np.zeros(rows, np.int64)
    lengths[place] = len(mine)
    lengths = total(lengths)
    numbers = np.zeros((rows, -(-int(lengths.max()) // 8)), np.int64)
    padded = mine.ljust(-(-len(mine) // 8) * 8, b"\0")
    numbers[place, : len(padded) // 8] = np.frombuffer(padded, np.int64)
    found = total(numbers)
    return [row.tobytes()[:length] for row, length in zip(found, lengths, strict=True)]


def share_values(variables: Sequence[keras.Variable]) -> None:
    """Give every process the values that the first one's variables have."""
    if SIZE > 1:
        values = share(lambda: [np.asarray(variable.numpy()) for variable in variables])
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)


def separate(network: keras.Model) -> None:
    """Let each process drop out other units: all random states are the first one's until now."""
    known = {id(variable) for variable in network.weights}
    for state in network.variables:
        if RANK and id(state) not in known:
            state.assign(np.asarray(state.numpy()) + np.array([RANK, 0], state.dtype))


def check_equal(context: dict[str, str]) -> None:
    """Raise UserError where another process has other data than the first one."""
    if SIZE == 1:
        return
    mine = [context[name] for name in ("data", "facts")]
    for rank, other in enumerate(found := gather(repr(mine).encode())):
        if other != found[0]:
            raise UserError(f"process {rank} of {SIZE} has other training data than process 0")


def agree(seconds: float, stop: bool) -> tuple[float, bool]:
    """Return the mean of a time over all processes, and whether any of them is to stop."""
    if SIZE == 1:
        return seconds, stop
    found = total(np.array([seconds / SIZE, stop], np.float64))
    watch.started = True
    return float(found[0]), bool(found[1])


def spread(predict: Predict) -> Predict:
    """Divide the rows that are to be answered among the processes; all get all answers."""
    if SIZE == 1:
        return predict

    def answer(batch: Batch) -> Batch:
        rows = count(batch)
        # Of equal shares, so that all do the same; what is too much is left out again.
        each = -(-rows // SIZE)
        places = np.minimum(np.arange(RANK * each, (RANK + 1) * each), rows - 1)
        share = predict({name: array[places] for name, array in batch.items()})
        return {name: joined_rows(array)[:rows] for name, array in share.items()}

    return answer


def joined_rows(array: np.ndarray) -> np.ndarray:
    """Put the rows of all processes together, in their order."""
    parts = gather(np.ascontiguousarray(array).tobytes())
    return np.concatenate([np.frombuffer(p, array.dtype).reshape(array.shape) for p in parts])
