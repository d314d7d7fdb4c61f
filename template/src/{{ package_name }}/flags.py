"""The command line: one flag per setting, and errors of one sentence."""

import argparse
import dataclasses
from typing import Any, NoReturn, get_args

from .config import Config
from .errors import UserError


class Parser(argparse.ArgumentParser):
    """A parser without abbreviations, whose errors are exceptions."""

    def __init__(self, **options: Any) -> None:
        layout = argparse.RawDescriptionHelpFormatter
        super().__init__(**options, allow_abbrev=False, formatter_class=layout)

    def error(self, message: str) -> NoReturn:
        """Raise UserError instead of printing the usage: one sentence is enough."""
        raise UserError(f"{message}; see `{self.prog} --help`")


def add_settings(parser: Parser, *sections: str) -> None:
    """Add a flag for every setting in some sections of config.toml."""
    for section in dataclasses.fields(Config):
        if section.name not in sections:
            continue
        group = parser.add_argument_group(f"[{section.name}] of config.toml")
        schema: Any = section.type
        for field in dataclasses.fields(schema):
            flag = f"--{field.name.replace('_', '-')}"
            kind: Any = field.type
            # A flag that is left out leaves no trace, so that config.toml's value holds.
            common: dict[str, Any] = {"default": argparse.SUPPRESS, "help": field.metadata["text"]}
            if kind is bool:
                group.add_argument(flag, action=argparse.BooleanOptionalAction, **common)
            elif choices := get_args(kind):
                group.add_argument(flag, choices=choices, **common)
            else:
                group.add_argument(flag, type=kind, metavar=kind.__name__.upper(), **common)


def given_settings(options: argparse.Namespace) -> dict[str, object]:
    """Return the settings that flags name, such as `{"epochs": 3}`."""
    schemas: list[Any] = [section.type for section in dataclasses.fields(Config)]
    names = {field.name for schema in schemas for field in dataclasses.fields(schema)}
    return {name: value for name, value in vars(options).items() if name in names}
