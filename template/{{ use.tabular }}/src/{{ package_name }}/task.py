"""What tables add to config.toml: settings of the data, the network, the training.

A new field here is a flag at once, so no other setting may have its name. Settings that name
several columns have commas between the names.
"""

from dataclasses import dataclass
from typing import Literal

from . import settings
from .settings import setting

TASK = "tabular"


@dataclass(frozen=True)
class DataSettings(settings.SourceSettings):
    """Where the table comes from, and what its columns are for."""

    source: str = setting(
        "titanic", "titanic, diamonds, or a CSV, JSON Lines or Parquet, its address or .dvc file"
    )
    target_column: str = setting("", "what the network learns to tell; your own table needs it")
    target_kind: Literal["auto", "classes", "value"] = setting(
        "auto", "auto: classes where it is text, or up to 20 whole numbers"
    )
    log_target: Literal["auto", "yes", "no"] = setting(
        "auto", "learn a value's logarithm; auto: where the largest is far above the median"
    )
    missing_values: str = setting("", "what stands for missing values, such as -999,k.A.")
    ignore_columns: str = setting("", "columns to leave out, with commas between them")
    category_columns: str = setting("", "numbers that are names, such as codes; with commas")
    group_column: str = setting("", "rows with the same value stay in one split, such as a patient")
    time_column: str = setting("", "the split is by time: the last rows test")
    validation_fraction: float = setting(0.1, "of the rows that do not test", 0, 0.5)
    test_fraction: float = setting(0.2, "of all rows", 0.01, 0.5)


@dataclass(frozen=True)
class ModelSettings:
    """The shape of the network."""

    width: int = setting(128, "units of each hidden layer", 1, 4096)
    layers: int = setting(2, "hidden layers", 1, 10)
    embedding: int = setting(8, "numbers that stand for a category", 1, 256)
    dropout: float = setting(0.1, "share of units left out in training", 0, 0.9)
    periodic: bool = setting(False, "numbers as sines and cosines of learned frequencies")


@dataclass(frozen=True)
class TrainSettings(settings.TrainSettings):
    """How the network learns: the settings of every task, and those of this one."""

    epochs: int = setting(40, "times that every training sample is seen", 1)
    learning_rate: float = setting(0.003, "the peak of the schedule", 1e-8, 10)
    final_weights: Literal["last", "best"] = setting("best", "which weights become the model")
    class_weights: Literal["none", "balanced"] = setting(
        "none", "balanced: rare classes count as much as frequent ones"
    )
