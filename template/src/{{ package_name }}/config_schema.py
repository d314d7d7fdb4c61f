"""The form of config.toml as JSON Schema, for editors, forms and programs that write it."""

import dataclasses
import math
from typing import Any, Literal, get_args, get_origin

from .config import Config

TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}


def schema() -> dict[str, Any]:
    """Describe every section and setting: type, default, range and words.

    The draft is 2020-12 of https://json-schema.org; sections and settings may be left out.
    """
    sections = {section.name: describe(section.type) for section in dataclasses.fields(Config)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "config.toml",
        **table(sections),
    }


def describe(settings: Any) -> dict[str, Any]:
    """Describe one section from its dataclass."""
    known = {field.name: setting(field) for field in dataclasses.fields(settings)}
    return {"description": str(settings.__doc__).split("\n")[0], **table(known)}


def table(entries: dict[str, Any]) -> dict[str, Any]:
    """Describe a table that has these entries and no others."""
    return {"type": "object", "additionalProperties": False, "properties": entries}


def setting(field: dataclasses.Field[Any]) -> dict[str, Any]:
    """Describe one setting, as `config.check` takes it."""
    kind: Any = field.type
    found: dict[str, Any] = {"description": field.metadata["text"], "default": field.default}
    if get_origin(kind) is Literal:
        return found | {"enum": list(get_args(kind))}
    found["type"] = TYPES[kind]
    if kind in (int, float):
        limits = {"minimum": field.metadata["low"], "maximum": field.metadata["high"]}
        found |= {name: limit for name, limit in limits.items() if math.isfinite(limit)}
    return found
