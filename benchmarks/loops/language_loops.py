"""Loops that train the project's language model on the same packed chats, taking turns.

Run by language_loop.py inside a rendered project's environment: ROUNDS DEVICE BASE.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
import threading
import time
from collections.abc import Callable
from importlib import metadata
from typing import Any
from unittest import mock

os.environ.setdefault("ACCELERATE_USE_CPU", "true" if sys.argv[2] == "cpu" else "false")

import numpy as np
import torch

# A rendered project; language_loop.py puts it into the environment that this runs in.
from rendered import config, data, model, packing, runs, train
from rendered.interrupt import Interrupt
from rendered.logger import Logger
from torch.nn import functional

ROUNDS, DEVICE, BASE = int(sys.argv[1]), sys.argv[2], sys.argv[3]
TURN, WARM_UP = 20, 5  # steps of a turn, and turns that do not count
STEPS = (WARM_UP + ROUNDS) * TURN
SETTINGS = {"base": BASE, "tuning": "full", "steps": STEPS, "log_every": TURN}
SETTINGS |= {"checkpoint_every": 10 * STEPS, "device": DEVICE, "threads": 1}
SETTINGS |= {"precision": "bfloat16" if DEVICE == "cuda" else "float32"}
CONFIG = config.read(None, SETTINGS)
DATA = data.load(CONFIG.data)
BATCH, CLIP = CONFIG.train.batch_size, CONFIG.train.clip_norm
ROWS = DATA.train.rows(np.arange(len(DATA.train) // BATCH * BATCH))
LENGTH = ROWS["tokens"].shape[1]
TENSORS = {name: torch.from_numpy(array).long().to(DEVICE) for name, array in ROWS.items()}
Step = Callable[[], None]


def clock() -> float:
    """Return CPU seconds, or seconds once the GPU has done what it was given."""
    if DEVICE == "cpu":
        return time.process_time()
    torch.cuda.synchronize()
    return time.perf_counter()


def build() -> Any:
    """Build the model with the same first weights every time."""
    torch.manual_seed(0)
    return model.build(CONFIG, DATA.facts).to(DEVICE).train()


def optimizer_of(network: Any) -> torch.optim.Optimizer:
    """Make the optimizer of all loops."""
    return torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=0.01, fused=True)


def batches() -> Any:
    """Give rows in a new order for each pass, for ever."""
    while True:
        for rows in torch.randperm(len(TENSORS["tokens"])).view(-1, BATCH):
            yield {name: tensor[rows.to(DEVICE)] for name, tensor in TENSORS.items()}


def loss_of(network: Any, batch: Any) -> torch.Tensor:
    """Return the mean cross entropy of the tokens to learn."""
    with torch.autocast(DEVICE, torch.bfloat16, enabled=DEVICE == "cuda"):
        found = network(
            input_ids=batch["tokens"], position_ids=batch["positions"], use_cache=False
        ).logits
    targets = batch["targets"].flatten()
    return functional.cross_entropy(
        found.float().flatten(0, 1), targets, ignore_index=packing.NOTHING
    )


def bare() -> Step:
    """Train in ten lines of PyTorch."""
    network, given = build(), batches()
    optimizer = optimizer_of(network)

    def step() -> None:
        loss_of(network, next(given)).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP)
        optimizer.step()
        optimizer.zero_grad()

    return step


def accelerate() -> Step:
    """Train as Accelerate's documentation shows."""
    from accelerate import Accelerator

    accelerator = Accelerator(cpu=DEVICE == "cpu")
    network = build()
    network, optimizer = accelerator.prepare(network, optimizer_of(network))
    given = batches()

    def step() -> None:
        accelerator.backward(loss_of(network, next(given)))
        accelerator.clip_grad_norm_(network.parameters(), CLIP)
        optimizer.step()
        optimizer.zero_grad()

    return step


class Supervised:
    """TRL's SFTTrainer, in a thread that does a turn when it is told to, and then waits."""

    def __init__(self) -> None:
        importlib.import_module("trl")  # here, where a package that is missing ends the program
        self.mine, self.yours = threading.Semaphore(0), threading.Semaphore(0)
        threading.Thread(target=self.train, daemon=True).start()
        self.yours.acquire()

    def turn(self) -> None:
        """Let it do one turn."""
        self.mine.release()
        self.yours.acquire()

    def train(self) -> None:
        """Train as TRL's documentation shows, on rows that are packed already."""
        import datasets
        from transformers import TrainerCallback
        from trl import SFTConfig, SFTTrainer

        turns = self

        class Turns(TrainerCallback):
            """Wait after each turn."""

            def on_step_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
                if state.global_step % TURN == 0:
                    turns.yours.release()
                    turns.mine.acquire()

        datasets.disable_progress_bars()
        tokens = datasets.Dataset.from_dict({"input_ids": ROWS["tokens"].tolist()})
        settings = SFTConfig(
            output_dir="trl",
            per_device_train_batch_size=BATCH,
            max_steps=10 * STEPS,
            learning_rate=1e-3,
            weight_decay=0.01,
            max_grad_norm=CLIP,
            max_length=LENGTH,
            optim="adamw_torch_fused",
            save_strategy="no",
            logging_steps=TURN,
            report_to="none",
            disable_tqdm=True,
            use_cpu=DEVICE == "cpu",
            bf16=DEVICE == "cuda",
            gradient_checkpointing=False,
        )
        from rendered import bases

        trainer = SFTTrainer(
            build(),
            settings,
            train_dataset=tokens,
            processing_class=bases.tokenizer_of(DATA.facts),
            callbacks=[Turns()],
        )
        trainer.train()


def main() -> None:
    """Run the project's own `train`, and the other loops whenever it logs; print rates as JSON."""
    torch.set_num_threads(1)
    supervised = Supervised()
    steps = {"bare loop": bare(), "Accelerate": accelerate()}
    turns = {name: lambda step=step: [step() for _ in range(TURN)] for name, step in steps.items()}
    turns["TRL"] = supervised.turn
    costs: dict[str, list[float]] = {name: [] for name in ("rendered loop", *turns)}
    for turn in turns.values():
        turn()

    class Stopwatch(Logger):
        """Stop the rendered loop's clock after each turn, and let the others run."""

        started = 0.0

        def training(self, step: int, figures: dict[str, float]) -> None:
            stopped = clock()
            if step > WARM_UP * TURN:
                costs["rendered loop"].append(stopped - self.started)
                for name, turn in turns.items():
                    # Only the rendered loop promises the same bits every time, and pays for it.
                    torch.use_deterministic_algorithms(False)
                    start = clock()
                    turn()
                    costs[name].append(clock() - start)
                    torch.use_deterministic_algorithms(True)
            self.started = clock()
            super().training(step, figures)

    run = runs.create(CONFIG)
    with mock.patch.object(train, "Logger", Stopwatch), Interrupt(run) as interrupt:
        train.train(run, interrupt)
    tokens = TURN * BATCH * LENGTH
    rates = {name: [tokens / seconds for seconds in found] for name, found in costs.items()}
    versions = {"PyTorch": str(torch.__version__), "Python": platform.python_version()}
    versions |= {name: metadata.version(name) for name in ("transformers", "accelerate", "trl")}
    size = sum(weight.numel() for weight in build().parameters())
    print(json.dumps({"rates": rates, "versions": versions, "parameters": size}), flush=True)
    os._exit(0)  # TRL's thread waits for a turn that does not come


if __name__ == "__main__":
    main()
