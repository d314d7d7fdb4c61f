"""How a setting is declared, read and checked; `config.py` and `task.py` say which there are."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, Literal, TypeVar, get_args, get_origin

from .errors import UserError

T = TypeVar("T")


def setting(default: T, text: str, low: float = -math.inf, high: float = math.inf) -> T:
    """Declare one field of a settings class: its default, its line in `--help`, its range."""
    metadata = {"text": text, "low": low, "high": high}
    field: T = dataclasses.field(default=default, metadata=metadata)
    return field


def make_section(schema: type[T], name: str, values: object, origin: str) -> T:
    """Make one section, such as `[train]`, from a table of values.

    Raises UserError for an unknown key, a wrong type or a value out of range; it names `origin`,
    or the flag where that is empty.
    """
    if not isinstance(values, Mapping):
        raise UserError(f"{origin}: {name} must be a section, [{name}]")
    fields: dict[str, dataclasses.Field[Any]] = {f.name: f for f in dataclasses.fields(schema)}  # type: ignore[arg-type]
    for key in values:
        if key not in fields:
            raise UserError(
                f"{origin}: [{name}] has no setting {key!r}; it has {', '.join(fields)}"
            )
    return schema(**{key: check(fields[key], value, origin) for key, value in values.items()})


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
    # A boolean is an integer to Python, but `epochs = true` is a slip of the pen.
    if type(value) is not kind:
        raise UserError(f"{name} must be {TYPE_NAMES[kind]}, not {value!r}")
    low, high = field.metadata["low"], field.metadata["high"]
    if isinstance(value, int | float) and not low <= value <= high:
        limits = f"between {low} and {high}" if high < math.inf else f"at least {low}"
        raise UserError(f"{name} must be {limits}, not {value}")
    return value


TYPE_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
