"""What texts add to config.toml: settings of the data, the network, the training.

A new field here is a flag at once, so no other setting may have its name.
"""

from dataclasses import dataclass
from typing import Literal

from . import settings
from .settings import setting

TASK = "text_classification"


@dataclass(frozen=True)
class DataSettings(settings.SourceSettings):
    """Where the texts come from, and how much of each is read."""

    source: str = setting(
        "languages", "languages, or a CSV, JSON Lines or Parquet file, its address or .dvc file"
    )
    text_column: str = setting("text", "the column with the texts, in your own file")
    label_column: str = setting("label", "the column with what the network learns to tell")
    group_column: str = setting("", "texts with the same value stay in one split, such as authors")
    length: int = setting(
        0, "bytes or tokens of a text that are read; 0: chosen by the data", 0, 4096, open=True
    )
    encoder: str = setting("", "pretrained encoder: a folder, or a name of the Hub; none if empty")
    encoder_revision: str = setting("", "which commit of the Hub, its 40 characters")
    validation_fraction: float = setting(0.1, "of the texts that do not test", 0, 0.5)
    test_fraction: float = setting(0.2, "of all texts", 0.01, 0.5)


@dataclass(frozen=True)
class ModelSettings:
    """The shape of the network."""

    embedding: int = setting(16, "numbers that stand for a run of bytes", 1, 256)
    ngrams: int = setting(4, "bytes of the longest runs that are looked up", 2, 4)
    dropout: float = setting(0.4, "share of numbers left out in training", 0, 0.9)


@dataclass(frozen=True)
class TrainSettings(settings.TrainSettings):
    """How the network learns: the settings of every task, and those of this one."""

    epochs: int = setting(8, "times that every training sample is seen", 1)
    batch_size: int = setting(128, "samples per step", 1)
    learning_rate: float = setting(0.01, "the peak of the schedule", 1e-8, 10)
    final_weights: Literal["last", "best"] = setting("best", "which weights become the model")
    encoder_rate: float = setting(0.0025, "an encoder's share of the learning rate", 0, 1)
    class_weights: Literal["none", "balanced"] = setting(
        "none", "balanced: rare classes count as much as frequent ones"
    )
