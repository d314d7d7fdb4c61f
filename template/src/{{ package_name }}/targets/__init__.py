"""What a target is: a folder here, with files of the same names in each.

- `__init__.py`  names the ENGINE that runs the artifact, the PACKAGE it comes from, and LIMITS:
  what is asked of the artifact in each precision that it can have, the default one first.
  OPTIONS, where there are any, are further flags of `export`: whole numbers, with their help.
- `export.py`    writes the artifact: `export(run, folder, precision, **options) -> Exported`.
  It alone may import the training framework.
- `runtime.py`   loads it in the engine: `load(folder, manifest, precision) -> Predict`. Where
  the artifact has further engines, `others(folder, manifest)` gives a loader for each by its name.
- `server.py`    serves it: `serve(folder, manifest, settings)`; some targets are not served here.
- `page/`        what its web page has of its own, where it has one.

`export.py` and `verification.py`, beside this folder, do what is the same for all targets.
"""

import contextlib
import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from ..errors import UserError
from ..manifest import Manifest, read_manifest
from ..settings import ServeSettings
from ..signature import Predict

ARTIFACTS = Path("artifacts")

Loaded = TypeVar("Loaded")


@dataclass(frozen=True)
class Limits:
    """How far from the trained model an artifact may be, in one precision."""

    probability: float
    """largest error of a probability; 1 where only the most probable class counts"""
    relative: float
    """largest error of any other number, as a share of the largest number"""
    agreement: float
    """least share of rows with the same most probable class or the same flag, 0 to 1"""
    degradation: float
    """how much worse it may be on the test split, by the task's own measure"""


# Every engine adds up in its own order: outputs of deep networks differ by some 1e-5.
FLOAT32 = Limits(1e-4, 1e-5, 1.0, 1.0)
FLOAT16 = Limits(5e-3, 5e-3, 0.98, 0.02)
INT8 = Limits(1.0, 0.1, 0.95, 0.02)


@dataclass(frozen=True)
class Exported:
    """What an export tells about the files it wrote."""

    models: dict[str, str]
    """the model's file, by precision"""
    details: dict[str, Any] = field(default_factory=dict)
    """what only this target has to say; JSON, kept in the manifest"""


def names() -> list[str]:
    """List the targets of this project: the folders beside this file."""
    return sorted(file.parent.name for file in Path(__file__).parent.glob("*/__init__.py"))


def servable() -> list[str]:
    """List those of them that `serve` serves."""
    return [name for name in names() if (Path(__file__).parent / name / "server.py").is_file()]


def only() -> str:
    """Name the project's one target; UserError where it has none, or several to choose from."""
    found = names()
    if len(found) != 1:
        known = ", ".join(found) or "none"
        raise UserError(f"name the target; targets here: {known}")
    return found[0]


def load_module(target: str, name: str = "") -> Any:
    """Import a target, or one module of it such as `export`; UserError when there is none."""
    if target not in names():
        known = ", ".join(names()) or "none"
        raise UserError(f"there is no target {target!r} in this project; targets here: {known}")
    return importlib.import_module(f".{target}.{name}".rstrip("."), __package__)


def folder(target: str) -> Path:
    """Return the folder of a target's artifact."""
    load_module(target)
    return ARTIFACTS / target


def manifest(target: str) -> Manifest:
    """Read what a target's artifact is, after holding its files against their hashes."""
    return read_manifest(folder(target))


@contextlib.contextmanager
def load(target: str) -> Iterator[Predict]:
    """Load a target's artifact in its own engine, and close the engine afterwards."""
    about, load = manifest(target), load_module(target, "runtime").load
    with opened(lambda: load(folder(target), about, about.precision)) as predict:
        yield predict


@contextlib.contextmanager
def opened(loader: Callable[[], Loaded]) -> Iterator[Loaded]:
    """Load an engine; one that holds something open, such as a process, has a `close` method."""
    model = loader()
    try:
        yield model
    finally:
        getattr(model, "close", lambda: None)()


def serve(target: str, settings: ServeSettings) -> None:
    """Serve a target's artifact until a signal comes; UserError where it has no server here."""
    if target in names() and target not in servable():
        raise UserError(f"{target} has no server; docs/targets/{target}.md says what serves it")
    load_module(target, "server").serve(folder(target), manifest(target), settings)


def add_page(target: str, made: Path) -> None:
    """Add the web page to an artifact's folder, where the target has one."""
    if (Path(__file__).parent / target / "page").is_dir():
        importlib.import_module("..page", __package__).assemble(target, made)


def options() -> dict[str, str]:
    """Collect the flags that single targets add to `export`: name and help."""
    owners: dict[str, list[str]] = {}
    texts: dict[str, str] = {}
    for target in names():
        for name, text in getattr(load_module(target), "OPTIONS", {}).items():
            owners.setdefault(name, []).append(target)
            texts[name] = text
    return {name: f"{', '.join(owners[name])}: {text}" for name, text in texts.items()}


def check(target: str, precision: str | None, given: dict[str, int]) -> str:
    """Return the precision to export; UserError when the target lacks it, or one of the options."""
    about = load_module(target)
    chosen = next(iter(about.LIMITS)) if precision is None else precision
    if chosen not in about.LIMITS:
        has = ", ".join(about.LIMITS)
        raise UserError(f"{target} has no precision {chosen!r}; it has {has}")
    for name, value in given.items():
        if name not in getattr(about, "OPTIONS", {}):
            raise UserError(f"{target} has no option --{name.replace('_', '-')}")
        if value < 1:
            raise UserError(f"--{name.replace('_', '-')} must be at least 1, not {value}")
    return chosen
