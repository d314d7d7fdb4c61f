"""What forecasting adds to config.toml: settings of the data, the network, the training.

A new field here is a flag at once, so no other setting may have its name.
"""

from dataclasses import dataclass
from typing import Literal

from . import settings
from .settings import setting

TASK = "forecasting"


@dataclass(frozen=True)
class DataSettings(settings.SourceSettings):
    """Where the series come from, and what is to be forecast of them."""

    source: str = setting(
        "txhousing", "txhousing, or a long table, CSV or Parquet file, its address or .dvc file"
    )
    id_column: str = setting("unique_id", "which series a row belongs to; without it there is one")
    time_column: str = setting("ds", "when a value was measured: a date, a time, or a number")
    value_column: str = setting("y", "what is to be forecast")
    missing_values: str = setting("", "what stands for missing values, such as -999,k.A.")
    ignore_columns: str = setting("", "columns to leave out, as those not known ahead, with commas")
    frequency: Literal[
        "auto",
        "1_minute",
        "5_minutes",
        "10_minutes",
        "15_minutes",
        "30_minutes",
        "hourly",
        "daily",
        "weekly",
        "monthly",
        "quarterly",
        "yearly",
        "steps",
    ] = setting("auto", "how far apart values are; steps: times are 1, 2, 3", open=True)
    horizon: int = setting(0, "steps to forecast; 0: one season", 0, 10_000, open=True)
    length: int = setting(
        0, "steps of history that the network sees; 0: some seasons", 0, 10_000, open=True
    )
    season: int = setting(
        0, "steps after which patterns repeat; 0: by the frequency", 0, 10_000, open=True
    )
    log_values: Literal["auto", "yes", "no"] = setting(
        "auto", "learn logarithms; auto: where all values are above 0", open=True
    )
    validation_fraction: float = setting(0.1, "of the other steps, the last ones", 0.01, 0.4)
    test_fraction: float = setting(0.2, "of the steps, the last ones", 0.01, 0.4)
    stride: int = setting(
        0, "steps between two windows; 0: 1, or more for long series", 0, 10_000, open=True
    )
    repeat: int = setting(
        0,
        "times that a window trains in an epoch; 0: 1, or more where there are few",
        0,
        1000,
        open=True,
    )


@dataclass(frozen=True)
class ModelSettings:
    """The shape of the network."""

    kind: Literal["linear", "mlp"] = setting(
        "linear", "mlp adds two hidden layers, for many or long series"
    )
    width: int = setting(128, "units of each hidden layer of the mlp", 1, 4096)
    dropout: float = setting(0.1, "share of hidden units left out in training", 0, 0.9)


@dataclass(frozen=True)
class TrainSettings(settings.TrainSettings):
    """How the network learns: the settings of every task, with defaults of this one."""

    epochs: int = setting(40, "times that every training window is seen", 1)
    batch_size: int = setting(64, "windows per step", 1)
    learning_rate: float = setting(0.003, "the peak of the schedule", 1e-8, 10)
