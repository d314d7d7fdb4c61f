"""The settings that all tasks share, and how a setting is declared; `task.py` has a task's own.

A field here or there is a line of config.toml and a command-line flag. Its default and its words
stand beside it and nowhere else.
"""

import dataclasses
import math
from dataclasses import dataclass
from typing import Literal, TypeVar

T = TypeVar("T")


def setting(
    default: T, text: str, low: float = -math.inf, high: float = math.inf, open: bool = False
) -> T:
    """Declare one field of a settings class: its default, its line in `--help`, its range.

    Where it is `open`, the default stands for a value that the training chooses and keeps.
    """
    metadata = {"text": text, "low": low, "high": high, "open": open}
    field: T = dataclasses.field(default=default, metadata=metadata)
    return field


@dataclass(frozen=True)
class SourceSettings:
    """Where data come from; a task that reads them from files has settings that begin with these.

    The task says what its `source` may be, beside an address and a file of DVC (`sources.py`).
    """

    source: str = setting("", "your data: a path, an https address or a .dvc file")
    source_hash: str = setting(
        "", "what an address or a .dvc file has to bring; `fetch` tells it", open=True
    )


@dataclass(frozen=True)
class TrainSettings:
    """How long and how fast the network learns; a task may have other defaults, and more."""

    epochs: int = setting(100, "times that every training sample is seen", 1)
    steps: int = setting(0, "stop after this many steps instead of `epochs`; 0 is off", 0)
    batch_size: int = setting(64, "samples per step", 1)
    accumulate: int = setting(1, "parts in which a step is computed; more need less memory", 1)
    learning_rate: float = setting(0.01, "the peak of the schedule", 1e-8, 10)
    schedule: Literal["one_cycle", "cosine", "constant"] = setting(
        "one_cycle", "how the learning rate changes over the steps"
    )
    warm_up: float = setting(0.3, "share of the steps in which the learning rate rises", 0, 0.9)
    weight_decay: float = setting(0.01, "AdamW's decay, per step and unit of learning rate", 0, 10)
    clip_norm: float = setting(0.0, "largest norm of all gradients together; 0 is off", 0)
    average_decay: float = setting(
        0.0,
        "of an exponential average of the weights, over a tenth of the steps at most; 0 is off",
        0,
        0.999999,
    )
    patience: int = setting(0, "stop after so many checkpoints without a better one; 0 is off", 0)
    seed: int = setting(0, "every random number follows from it", 0, 2**31 - 1)
    log_every: int = setting(0, "steps between lines of metrics.jsonl; 0: 20 lines or more", 0)
    checkpoint_every: int = setting(200, "steps between two checkpoints, each with a validation", 1)
    keep_checkpoints: int = setting(3, "how many of the last checkpoints stay, besides the best", 1)
    final_weights: Literal["last", "best"] = setting("last", "which weights become the model")
    baselines: bool = setting(True, "measure simple models on the same data, to compare with")
    runs: str = setting("runs", "folder that the runs lie in, for every command")


@dataclass(frozen=True)
class HardwareSettings:
    """What computes, and how."""

    device: str = setting("auto", "an accelerator when there is one; or a name, such as cpu")
    threads: int = setting(
        0, "CPU threads; 0: chosen once, and kept with the run", 0, 1024, open=True
    )
    precision: Literal["float32", "bfloat16"] = setting("float32", "bfloat16: mixed precision")
    compile: bool = setting(False, "torch.compile or XLA; pays for large networks only")
    workers: int = setting(1, "processes on this computer that share every step", 1, 1024)
    shard: bool = setting(False, "divide weights and optimizer among the processes (PyTorch)")
    peer_timeout: int = setting(300, "seconds to wait for a process that does not answer", 1)
    resident_share: float = setting(
        0.25, "of the device's memory for training data; what needs more is streamed", 0, 1
    )


@dataclass(frozen=True)
class ServeSettings:
    """Where a server of this project listens, and what it refuses."""

    host: str = setting("127.0.0.1", "address to listen on; 0.0.0.0 opens it to the network")
    port: int = setting(8080, "port to listen on; 0 takes a free one", 0, 65535)
    max_batch: int = setting(256, "most rows in one request", 1)
    max_body_mib: int = setting(16, "most MiB in the body of one request", 1)
    batch_wait_ms: float = setting(0.0, "time to wait for rows to compute together; 0 is off", 0)
    token_file: str = setting("", "file with the token that clients must send; none when empty")
    cors_origins: str = setting("", "origins whose pages may ask, with spaces between; * is all")
    access_log: bool = setting(False, "write a line of JSON for each request")
