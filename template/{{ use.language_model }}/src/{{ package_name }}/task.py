"""What a language model adds to config.toml: settings of the data, the model, the training.

A new field here is a flag at once, so no other setting may have its name.
"""

from dataclasses import dataclass
from typing import Literal

from . import settings
from .settings import setting

TASK = "language_model"

RATES = {"full": 2e-5, "lora": 2e-4, "dora": 2e-4, "qlora": 2e-4}
NEW_RATE = 4e-3  # of weights that have learnt nothing yet


@dataclass(frozen=True)
class DataSettings(settings.SourceSettings):
    """The chats that are learnt from, and the model that learns them."""

    source: str = setting(
        "dates", "dates, or JSON Lines of chats, prompts or texts, their address or .dvc file"
    )
    base: str = setting(
        "tiny", "the model to start from: tiny, which is new; a folder; or a name of the Hub"
    )
    revision: str = setting("", "commit of a base of the Hub, 40 characters")
    template: str = setting("", "file with a chat template of your own; empty: the base's")
    length: int = setting(
        0, "most tokens of a chat; 0: as almost all of them have, at most 1024", 0, 2**20, open=True
    )
    new_tokens: int = setting(
        0, "most tokens of an answer; 0: by the answers that are known", 0, 2**16, open=True
    )
    exact_match: Literal["auto", "yes", "no"] = setting(
        "auto", "compare answers with known ones; auto: where those are short", open=True
    )
    validation_fraction: float = setting(0.05, "of the chats that do not test", 0, 0.5)
    test_fraction: float = setting(0.05, "of the chats", 0.001, 0.5)


@dataclass(frozen=True)
class ModelSettings:
    """What of the model learns."""

    tuning: Literal["auto", "full", "lora", "dora", "qlora"] = setting(
        "auto", "all weights, or an adapter; auto: full for tiny, else lora", open=True
    )
    rank: int = setting(16, "of an adapter's matrices", 1, 1024)
    alpha: float = setting(32.0, "an adapter's changes are scaled by alpha / rank", 1e-3, 1e4)
    dropout: float = setting(0.0, "share of an adapter's inputs that are left out", 0, 0.9)
    activation_checkpointing: bool = setting(
        False, "compute activations twice instead of keeping them: slower, in less memory"
    )


@dataclass(frozen=True)
class TrainSettings(settings.TrainSettings):
    """How the model learns: the settings of every task, and those of this one."""

    epochs: int = setting(5, "times that every chat is seen", 1)
    batch_size: int = setting(8, "rows of packed chats per step", 1)
    learning_rate: float = setting(
        0.0,
        "the peak of the schedule; 0: 0.004 for tiny, 0.0002 for adapters, else 0.00002",
        0,
        10,
        open=True,
    )
    schedule: Literal["one_cycle", "cosine", "constant"] = setting(
        "cosine", "how the learning rate changes over the steps"
    )
    warm_up: float = setting(0.05, "share of the steps in which the learning rate rises", 0, 0.9)
    clip_norm: float = setting(1.0, "largest norm of all gradients together; 0 is off", 0)
    log_every: int = setting(20, "steps between two lines of metrics.jsonl", 1)
    checkpoint_every: int = setting(100, "steps between two checkpoints, each with a validation", 1)


def choose(
    data: DataSettings, model: ModelSettings, train: TrainSettings
) -> dict[str, dict[str, object]]:
    """Choose what is open in the settings by the others: what learns, and how fast."""
    new = data.base == "tiny"
    tuning = ("full" if new else "lora") if model.tuning == "auto" else model.tuning
    return {
        "model": {"tuning": tuning},
        "train": {"learning_rate": NEW_RATE if new else RATES[tuning]},
    }
