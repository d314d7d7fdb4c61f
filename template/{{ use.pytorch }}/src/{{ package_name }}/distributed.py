"""The processes of one training: this one alone, or all that a launcher has started.

In a single process every function here gives back what it is given.
"""

import functools
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, distributed, nn

from .config import Config
from .errors import PeerLostError, UserError
from .interrupt import Interrupt
from .ranks import RANK, SIZE
from .runs import Run
from .signature import Batch, Predict, count

T = TypeVar("T")
Train = Callable[[Run, Interrupt], None]


def joined(train: Train) -> Train:
    """Let a function meet the other processes first; all get the run that the first one opened.

    Raises PeerLostError when one of them ends, or does not answer for `peer_timeout` seconds.
    """

    @functools.wraps(train)
    def train_together(run: Run, interrupt: Interrupt) -> None:
        if SIZE == 1:
            return train(run, interrupt)
        # Numbers of the CPU travel by gloo, those of GPUs by NCCL.
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        timeout = timedelta(seconds=run.config.hardware.peer_timeout)
        try:
            distributed.init_process_group(backend, timeout=timeout)
            name, config, finished = share(lambda: (run.name, run.config, run.finished))
            if not finished:
                train(run if run.writes else Run(Path(name), config, writes=False), interrupt)
            distributed.destroy_process_group()
        except RuntimeError as error:
            if not is_of_communication(error):
                raise
            raise PeerLostError(
                f"another process has ended, or has not answered for {timeout.seconds} s;"
                " the run stays at its last checkpoint"
            ) from error

    return train_together


def is_of_communication(error: RuntimeError) -> bool:
    """Say whether an error comes from the connections between processes."""
    names = ("gloo", "NCCL", "TCPStore")
    return isinstance(error, distributed.DistError) or any(name in str(error) for name in names)


def share(make: Callable[[], T]) -> T:
    """Give every process what the first one makes; nothing is made in the others."""
    if SIZE == 1:
        return make()
    box: list[Any] = [make() if RANK == 0 else None]
    distributed.broadcast_object_list(box, src=0)
    found: T = box[0]
    return found


def gather(value: T) -> list[T]:
    """Give every process the values of all, in their order."""
    if SIZE == 1:
        return [value]
    values: list[Any] = [None] * SIZE
    distributed.all_gather_object(values, value)
    return values


def check_settings(config: Config) -> None:
    """Raise UserError for settings that do not go together."""
    if config.hardware.shard and SIZE == 1:
        raise UserError("shard divides weights among processes; start several, as with --workers 2")
    if config.hardware.shard and config.train.average_decay:
        raise UserError("shard and average_decay do not go together; leave one of them out")


def check_equal(context: dict[str, str]) -> None:
    """Raise UserError where another process has other data than the first one."""
    for rank, other in enumerate(contexts := gather(context)):
        for name in ("data", "facts"):
            if other[name] != contexts[0][name]:
                raise UserError(f"process {rank} of {SIZE} has other training data than process 0")


def share_tensors(tensors: Iterable[Tensor]) -> None:
    """Give every process the values that the first one's tensors have."""
    if SIZE > 1:
        for tensor in tensors:
            values = tensor.detach().contiguous()
            distributed.broadcast(values, src=0)
            tensor.detach().copy_(values)


def wrap(
    network: nn.Module, shard: bool, steady: bool, first_loss: Callable[[nn.Module], Tensor]
) -> nn.Module:
    """Let `backward` average the gradients over all processes; with `shard`, it does already.

    By default DDP sorts the gradients anew after its first pass. A resumed run would then add up
    those of three and more processes in another order, so that pass is made here, on the first
    rows. Where parameters have no gradient, now or (if not `steady`) at times, DDP has to look for
    them in every step, which takes longer, and does not sort.
    """
    if SIZE == 1 or shard:
        return network
    measured = [buffer.clone() for buffer in network.buffers()]
    first_loss(network).backward()
    learnt = [parameter for parameter in network.parameters() if parameter.requires_grad]
    steady &= not any(gather(any(parameter.grad is None for parameter in learnt)))
    network.zero_grad()
    together = nn.parallel.DistributedDataParallel(
        network, forward_sync_buffers=False, find_unused_parameters=not steady
    )
    first_loss(together).backward()
    network.zero_grad()
    for buffer, values in zip(network.buffers(), measured, strict=True):
        buffer.copy_(values)
    return together


def averaged(network: nn.Module, last: bool) -> AbstractContextManager[None]:
    """Average gradients over the processes once a step, with its last part; until then add up."""
    if last or not isinstance(network, nn.parallel.DistributedDataParallel):
        return nullcontext()
    found: AbstractContextManager[None] = network.no_sync()
    return found


def add_up(values: Tensor) -> Tensor:
    """Add up a tensor over all processes."""
    if SIZE > 1:
        distributed.all_reduce(values)
    return values


def agree(weight: float, stop: bool) -> tuple[float, bool]:
    """Add up what the processes' batches weigh, and say whether any of them has to stop.

    Both travel together: each journey costs as much as a tenth of a small network's step.
    """
    if SIZE == 1:
        return weight, stop
    both = add_up(torch.tensor([weight, stop], dtype=torch.float64))
    return both[0].item(), both[1].item() > 0


def spread(predict: Predict) -> Predict:
    """Divide the rows that are to be answered among the processes; all get all answers."""
    return predict if SIZE == 1 else Spread(predict)


class Spread:
    """A function whose rows are divided; what else it can do, every process does as a whole."""

    def __init__(self, predict: Predict) -> None:
        self.predict = predict

    def __getattr__(self, name: str) -> Any:
        return getattr(self.predict, name)

    def __call__(self, batch: Batch) -> Batch:
        """Answer this process's share of the rows, and put all shares together."""
        rows = count(batch)
        # Of equal shares, so that all do the same; what is too much is left out again.
        each = -(-rows // SIZE)
        places = np.minimum(np.arange(RANK * each, (RANK + 1) * each), rows - 1)
        share = self.predict({name: array[places] for name, array in batch.items()})
        return {name: joined_rows(array)[:rows] for name, array in share.items()}


def joined_rows(array: np.ndarray) -> np.ndarray:
    """Put the rows of all processes together, in their order."""
    mine = torch.from_numpy(np.ascontiguousarray(array))
    parts = [torch.empty_like(mine) for _ in range(SIZE)]
    distributed.all_gather(parts, mine)
    return torch.cat(parts).numpy()
