"""The schema of config.toml and of the command-line flags: one field here is one of each."""

import dataclasses
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from .errors import UserError
from .settings import make_section, setting
from .task import DataSettings, ModelSettings

FILE = Path("config.toml")


@dataclass(frozen=True)
class TrainSettings:
    """How long and how fast the network learns."""

    epochs: int = setting(100, "times that every training sample is seen", 1)
    steps: int = setting(0, "stop after this many steps instead of `epochs`; 0 is off", 0)
    batch_size: int = setting(64, "samples per step", 1)
    learning_rate: float = setting(0.01, "the peak of the one-cycle schedule", 1e-8, 10)
    weight_decay: float = setting(0.01, "AdamW's decay, per step and unit of learning rate", 0, 10)
    label_smoothing: float = setting(0.05, "share of a label spread over all classes", 0, 0.9)
    seed: int = setting(0, "every random number follows from it", 0, 2**31 - 1)
    log_every: int = setting(50, "steps between two lines of metrics.jsonl", 1)
    checkpoint_every: int = setting(200, "steps between two checkpoints, each with a validation", 1)
    keep_checkpoints: int = setting(3, "how many of the last checkpoints stay, besides the best", 1)
    final_weights: Literal["last", "best"] = setting("last", "which weights become the model")


@dataclass(frozen=True)
class HardwareSettings:
    """What computes, and how."""

    device: str = setting("auto", "an accelerator when there is one; or a name, such as cpu")
    threads: int = setting(1, "CPU threads; small networks gain nothing from more", 1, 1024)
    precision: Literal["float32", "bfloat16"] = setting("float32", "bfloat16: mixed precision")
    compile: bool = setting(False, "torch.compile or XLA; pays for large networks only")


@dataclass(frozen=True)
class ServeSettings:
    """Where a server of this project listens, and what it refuses."""

    host: str = setting("127.0.0.1", "address to listen on; 0.0.0.0 opens it to the network")
    port: int = setting(8080, "port to listen on; 0 takes a free one", 0, 65535)
    max_batch: int = setting(256, "most inputs in one request", 1)
    max_body_mib: int = setting(16, "most MiB in the body of one request", 1)


@dataclass(frozen=True)
class Config:
    """Everything that decides what a run computes: one field per section of config.toml."""

    data: DataSettings = field(default_factory=DataSettings)
    model: ModelSettings = field(default_factory=ModelSettings)
    train: TrainSettings = field(default_factory=TrainSettings)
    hardware: HardwareSettings = field(default_factory=HardwareSettings)
    serve: ServeSettings = field(default_factory=ServeSettings)


def read(file: Path | None, changes: Mapping[str, object] | None = None) -> Config:
    """Read a config.toml and lay flags over it: `{"epochs": 3}`, as names are unique.

    No file means the defaults. Raises UserError when the file is missing or broken, or when a key
    or a value does not fit.
    """
    config = Config() if file is None else build(parse(file), str(file))
    for section in fields(Config):
        schema: Any = section.type
        values = dataclasses.asdict(getattr(config, section.name))
        given = {name: value for name, value in (changes or {}).items() if name in values}
        changed = make_section(schema, section.name, values | given, origin="")
        config = dataclasses.replace(config, **{section.name: changed})
    return config


def parse(file: Path) -> dict[str, object]:
    """Read a TOML file as nested tables; UserError when it is missing or broken."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(f"there is no {file} here; run this in the project's folder") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"{file} cannot be read: {error}") from error


def build(table: Mapping[str, object], origin: str) -> Config:
    """Make a Config from nested tables; sections and settings left out keep their defaults."""
    schemas: dict[str, Any] = {section.name: section.type for section in fields(Config)}
    for name in table:
        if name not in schemas:
            raise UserError(f"{origin}: unknown section [{name}]; it may have {', '.join(schemas)}")
    return Config(**{n: make_section(schemas[n], n, table[n], origin) for n in table})


def dump(config: Config) -> str:
    """Write a Config as TOML that `read` takes back unchanged."""
    lines = []
    for section, values in dataclasses.asdict(config).items():
        lines.append(f"[{section}]")
        # JSON's texts, numbers and booleans are TOML's too.
        for name, value in values.items():
            lines.append(f"{name} = {json.dumps(value, ensure_ascii=False)}")
        lines.append("")
    return "\n".join(lines)


def refuse_changes(config: Config, changes: Mapping[str, object], owner: str) -> None:
    """Raise UserError when a flag asks for another value than the one a run began with."""
    for section in dataclasses.asdict(config).values():
        for name in section.keys() & changes.keys():
            if section[name] != changes[name]:
                flag = f"--{name.replace('_', '-')}"
                kept = f"{owner} keeps {name} = {section[name]}"
                raise UserError(f"{kept}; drop {flag}, or start a new run")
