"""PyTorch loops over several processes that train the project's network on the digits.

Run by scaling.py inside a rendered project's environment, once in each process.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from rendered import config, data, model, ranks, runs, train
from rendered.interrupt import Interrupt
from rendered.logger import Logger
from torch import Tensor, distributed, nn
from torch.nn import functional

torch.set_num_threads(1)
CONFIG = config.Config()
DATA = data.load(CONFIG.data)
BATCH = CONFIG.train.batch_size
TURN = CONFIG.train.log_every  # steps in which one loop trains before the next one does
WARM_UP = 4  # turns that do not count

rows_of_all = DATA.train.rows(np.arange(len(DATA.train) // BATCH * BATCH))
images = torch.from_numpy(rows_of_all["images"].astype(np.float32) / 255)
labels = torch.from_numpy(rows_of_all["labels"]).long()
Steps = Callable[[int], None]


def batches(steps: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Give this process's rows of so many batches."""
    share = BATCH // ranks.SIZE
    first = ranks.RANK * share
    orders = [
        torch.randperm(len(labels)).view(-1, BATCH) for _ in range(1 + steps * BATCH // len(labels))
    ]
    for rows in torch.cat(orders)[:steps, first : first + share]:
        yield images[rows], labels[rows]


def parts() -> tuple[nn.Module, torch.optim.Optimizer]:
    """Build the network, with the same first weights in every process, and its optimizer."""
    torch.manual_seed(0)
    network = model.build(CONFIG, DATA.facts).train()
    decay = CONFIG.train.weight_decay
    return network, torch.optim.AdamW(network.parameters(), weight_decay=decay, fused=True)


def loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the mean cross entropy."""
    smoothing = CONFIG.train.label_smoothing
    return functional.cross_entropy(logits, targets, label_smoothing=smoothing)


def bare() -> Steps:
    """Train with DistributedDataParallel as its tutorial does."""
    network, optimizer = parts()
    together = nn.parallel.DistributedDataParallel(network)

    def train_steps(steps: int) -> None:
        for batch, targets in batches(steps):
            optimizer.zero_grad()
            loss(together(batch), targets).backward()
            optimizer.step()

    return train_steps


def accelerate() -> Steps:
    """Train with Accelerate as its quick tour does."""
    from accelerate import Accelerator

    accelerator = Accelerator(cpu=True)
    network, optimizer = accelerator.prepare(*parts())

    def train_steps(steps: int) -> None:
        for batch, targets in batches(steps):
            optimizer.zero_grad()
            accelerator.backward(loss(network(batch), targets))
            optimizer.step()

    return train_steps


def fabric() -> Steps:
    """Train with Lightning Fabric as its guide does."""
    from lightning_fabric import Fabric

    runner = Fabric(accelerator="cpu", devices=ranks.SIZE, strategy="ddp")
    runner.launch()
    network, optimizer = runner.setup(*parts())

    def train_steps(steps: int) -> None:
        for batch, targets in batches(steps):
            optimizer.zero_grad()
            runner.backward(loss(network(batch), targets))
            optimizer.step()

    return train_steps


def main(rounds: int, folder: Path) -> None:
    """Train by turns; writes the CPU seconds of each turn of this process to a file of its own."""
    turns: dict[str, list[float]] = {"rendered loop": []}
    others: dict[str, Steps] = {}

    class Stopwatch(Logger):
        """Stop the rendered loop's clock after each turn, and let the others train."""

        started = 0.0

        def training(self, step: int, figures: dict[str, float]) -> None:
            turns["rendered loop"].append(time.process_time() - self.started)
            if not others:  # the processes know each other by now
                others.update(bare=bare(), Accelerate=accelerate(), Fabric=fabric())
            for name, train_steps in others.items():
                # Only the rendered loop promises the same bits every time, and pays for it.
                torch.use_deterministic_algorithms(False)
                distributed.barrier()
                start = time.process_time()
                train_steps(TURN)
                turns.setdefault(name, []).append(time.process_time() - start)
                torch.use_deterministic_algorithms(True)
            distributed.barrier()
            self.started = time.process_time()
            super().training(step, figures)

    steps = (WARM_UP + rounds) * TURN
    settings = {"augment": False, "steps": steps, "runs": str(folder), "checkpoint_every": steps}
    wanted = config.read(None, settings)
    run = runs.Run(Path("run"), wanted, writes=False)
    if ranks.RANK == 0:
        run = runs.create(wanted, folder)
    with mock.patch.object(train, "Logger", Stopwatch), Interrupt(run) as interrupt:
        train.train(run, interrupt)
    kept = {name: costs[WARM_UP:] for name, costs in turns.items()}
    found = {"turns": kept, "steps": TURN, "versions": {"PyTorch": str(torch.__version__)}}
    (folder / f"{ranks.RANK}.json").write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
