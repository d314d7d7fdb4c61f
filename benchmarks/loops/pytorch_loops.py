"""PyTorch loops that train the project's network on the digits: one thread, batches of 64.

Run by training_loop.py inside a rendered project's environment.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable

import torch
from rendered import model
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset
from turns import (
    BATCH,
    CONFIG,
    DATA,
    LABEL_SMOOTHING,
    WEIGHT_DECAY,
    Loop,
    take_turns,
    whole_batches,
)

torch.set_num_threads(1)
images, labels = (torch.from_numpy(array) for array in whole_batches())
EPOCHS = 4  # per turn


def build() -> nn.Module:
    """Build the network with the same first weights every time."""
    torch.manual_seed(0)
    return model.build(CONFIG, DATA.facts).train()


def loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the mean cross entropy, as the other loops' authors would write it."""
    return functional.cross_entropy(logits, targets, label_smoothing=LABEL_SMOOTHING)


def timed(epoch: Callable[[], None]) -> Loop:
    """Make a loop of an epoch."""
    for _ in range(3):
        epoch()  # here torch.compile compiles

    def loop() -> float:
        # Only the rendered loop promises the same bits every time, and pays for it.
        torch.use_deterministic_algorithms(False)
        start = time.process_time()
        for _ in range(EPOCHS):
            epoch()
        stopped = time.process_time()
        torch.use_deterministic_algorithms(True)
        return (stopped - start) / (EPOCHS * len(labels))

    return loop


def naive() -> Loop:
    """Train as PyTorch's quickstart does: a DataLoader, images as they come, AdamW as it comes."""
    network = build()
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=WEIGHT_DECAY)
    channels_first = images.permute(0, 3, 1, 2).contiguous()
    loader = DataLoader(TensorDataset(channels_first, labels), batch_size=BATCH, shuffle=True)

    def epoch() -> None:
        for batch, targets in loader:
            logits = network.classifier(network.features(batch).mean((2, 3)))
            batch_loss = loss(logits, targets)
            batch_loss.backward()
            optimizer.step()
            optimizer.zero_grad()

    return timed(epoch)


def indexed(compiled: bool) -> Loop:
    """Train on rows picked from one tensor, with channels_last and the fused AdamW."""
    network = build().to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=WEIGHT_DECAY, fused=True)

    def network_and_loss(batch: Tensor, targets: Tensor) -> Tensor:
        return loss(network(batch), targets)

    forward = torch.compile(network_and_loss) if compiled else network_and_loss

    def epoch() -> None:
        for rows in torch.randperm(len(labels)).view(-1, BATCH):
            batch_loss = forward(images[rows], labels[rows])
            optimizer.zero_grad()
            batch_loss.backward()
            optimizer.step()

    return timed(epoch)


if __name__ == "__main__":
    take_turns(
        {
            "naive DataLoader loop": naive(),
            "bare loop": indexed(compiled=False),
            "bare loop, compiled": indexed(compiled=True),
        },
        {"PyTorch": str(torch.__version__), "Python": platform.python_version()},
    )
