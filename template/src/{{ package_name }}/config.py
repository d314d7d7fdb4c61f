"""config.toml: read, checked against the settings' classes, and written."""

import dataclasses
import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from .errors import UserError
from .settings import HardwareSettings, ServeSettings, T
from .task import DataSettings, ModelSettings, TrainSettings

FILE = Path("config.toml")
MAY_CHANGE = ("runs", "workers", "peer_timeout")
TYPE_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


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


def make_section(schema: type[T], name: str, values: object, origin: str) -> T:
    """Make one section, such as `[train]`, from a table of values.

    Raises UserError for an unknown key, a wrong type or a value out of range; it names `origin`,
    or the flag where that is empty.
    """
    if not isinstance(values, Mapping):
        raise UserError(f"{origin}: {name} must be a section, [{name}]")
    known: dict[str, dataclasses.Field[Any]] = {f.name: f for f in fields(schema)}  # type: ignore[arg-type]
    for key in values:
        if key not in known:
            raise UserError(f"{origin}: [{name}] has no setting {key!r}; it has {', '.join(known)}")
    return schema(**{key: check(known[key], value, origin) for key, value in values.items()})


def check(field: dataclasses.Field[Any], value: object, origin: str) -> object:
    """Return `value` if it fits the field; an integer is welcome where a float is asked for."""
    kind: Any = field.type
    name = f"{origin}: {field.name}" if origin else f"--{field.name.replace('_', '-')}"
    if get_origin(kind) is Literal:
        if value in get_args(kind):
            return value
        choices = " or ".join(get_args(kind))
        raise UserError(f"{name} must be {choices}, not {value!r}")
    if kind is float and type(value) is int:
        value = float(value)
    # To Python a boolean is an integer, but `epochs = true` is a mistake.
    if type(value) is not kind:
        raise UserError(f"{name} must be {TYPE_NAMES[kind]}, not {value!r}")
    low, high = field.metadata["low"], field.metadata["high"]
    if isinstance(value, int | float) and not low <= value <= high:
        limits = f"between {low} and {high}" if high < math.inf else f"at least {low}"
        raise UserError(f"{name} must be {limits}, not {value}")
    return value


def dump(config: Config) -> str:
    """Write a Config as TOML that `read` takes back unchanged, with a comment on every setting."""
    lines = []
    for section in fields(Config):
        values = getattr(config, section.name)
        lines.append(f"[{section.name}]")
        for setting in fields(values):
            # JSON's texts, numbers and booleans are TOML's too.
            value = json.dumps(getattr(values, setting.name), ensure_ascii=False)
            lines.append(f"{setting.name} = {value}  # {setting.metadata['text']}")
        lines.append("")
    return "\n".join(lines)


def flatten(config: Config) -> dict[str, bool | int | float | str]:
    """Return all settings by names such as `train.epochs`."""
    return {
        f"{section}.{name}": value
        for section, settings in dataclasses.asdict(config).items()
        for name, value in settings.items()
    }


def refuse_changes(config: Config, changes: Mapping[str, object], owner: str) -> None:
    """Raise UserError when a flag asks for another value than the one a run began with.

    A run may have been moved since, and be shared among other processes: these may change.
    """
    for section in fields(Config):
        values = getattr(config, section.name)
        for setting in fields(values):
            name, value = setting.name, getattr(values, setting.name)
            if name in MAY_CHANGE or changes.get(name, value) == value:
                continue
            if setting.metadata["open"] and changes[name] == setting.default:
                continue  # it asks for what the run has chosen
            flag = f"--{name.replace('_', '-')}"
            kept = f"{owner} keeps {name} = {value}"
            raise UserError(f"{kept}; drop {flag}, or start a new run")
