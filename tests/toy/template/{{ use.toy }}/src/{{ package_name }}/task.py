"""What deliveries add to config.toml: settings of the data, the network and the training."""

from dataclasses import dataclass

from . import settings
from .settings import setting

TASK = "toy"


@dataclass(frozen=True)
class DataSettings:
    """Which deliveries are made up."""

    rows: int = setting(1200, "deliveries in all", 100, 100_000)
    noise: float = setting(5.0, "standard deviation of the price's noise", 0, 1000)


@dataclass(frozen=True)
class ModelSettings:
    """The shape of the network."""

    width: int = setting(32, "units of the hidden layer", 1, 1024)


@dataclass(frozen=True)
class TrainSettings(settings.TrainSettings):
    """How the network learns: other defaults than those that all tasks share."""

    epochs: int = setting(30, "times that every training sample is seen", 1)
    learning_rate: float = setting(0.03, "the peak of the schedule", 1e-8, 10)
