"""What a target is: a folder here, with rooms of the same names in each.

- `__init__.py`  names the ENGINE that runs the artifact, the PACKAGE it comes from, and LIMITS:
  what is asked of the artifact in each precision that it can have, the default one first.
  OPTIONS, where there are any, are further flags of `export`: whole numbers, with their help.
- `export.py`    writes the artifact: `export(run, folder, precision, **options) -> Exported`.
  It alone may import the training framework.
- `runtime.py`   loads it in the engine: `load(folder, manifest, precision) -> Predict`. Where
  the artifact has further engines, `others(folder, manifest)` gives a loader for each by its name.
- `server.py`    serves it: `serve(folder, manifest, settings)`.
- `page/`        what its web page has of its own, where it has one.

Exporting and verifying are written here, once for all targets.
"""

import contextlib
import dataclasses
import functools
import importlib
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import project, runs
from ..config import ServeSettings
from ..data import Split
from ..errors import UserError
from ..runs import Run
from .manifest import Manifest, Tensor, describe_files, read_manifest, write_manifest
from .proof import Predict, compare, demand

ARTIFACTS = Path("artifacts")


@dataclass(frozen=True)
class Exported:
    """What an export tells about the files it wrote."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    models: dict[str, str]
    """the model's file, by precision"""
    details: dict[str, Any] = field(default_factory=dict)
    """what only this target has to say; JSON, kept in the manifest"""


def names() -> list[str]:
    """List the targets of this project: the folders beside this file."""
    return sorted(file.parent.name for file in Path(__file__).parent.glob("*/__init__.py"))


def room(target: str, name: str = "") -> Any:
    """Import a target, or one room of it such as `export`; UserError when there is none."""
    if target not in names():
        known = ", ".join(names()) or "none"
        raise UserError(f"there is no target {target!r} in this project; targets here: {known}")
    return importlib.import_module(f".{target}.{name}".rstrip("."), __package__)


def folder(target: str) -> Path:
    """Return the folder of a target's artifact."""
    room(target)
    return ARTIFACTS / target


def manifest(target: str) -> Manifest:
    """Read what a target's artifact is, after holding its files against their hashes."""
    return read_manifest(folder(target))


@contextlib.contextmanager
def load(target: str) -> Iterator[Predict]:
    """Load a target's artifact in its own engine, and put the engine away afterwards."""
    described = manifest(target)
    load = room(target, "runtime").load
    with opened(lambda: load(folder(target), described, described.precision)) as predict:
        yield predict


@contextlib.contextmanager
def opened(loader: Callable[[], Predict]) -> Iterator[Predict]:
    """Load an engine; one with a process of its own has a `close` method, which ends it."""
    predict = loader()
    try:
        yield predict
    finally:
        getattr(predict, "close", lambda: None)()


def serve(target: str, settings: ServeSettings) -> None:
    """Serve a target's artifact until a signal comes."""
    room(target, "server").serve(folder(target), manifest(target), settings)


def options() -> dict[str, str]:
    """Collect the flags that single targets add to `export`: name and help."""
    found: dict[str, str] = {}
    for target in names():
        for name, text in getattr(room(target), "OPTIONS", {}).items():
            found[name] = f"{target}: {text}"
    return found


def check_wishes(target: str, precision: str | None, wishes: dict[str, int]) -> str:
    """Return the precision to export; UserError when the target lacks it, or one of the options."""
    about = room(target)
    chosen = next(iter(about.LIMITS)) if precision is None else precision
    if chosen not in about.LIMITS:
        has = ", ".join(about.LIMITS)
        raise UserError(f"{target} has no precision {chosen!r}; it has {has}")
    for name, value in wishes.items():
        if name not in getattr(about, "OPTIONS", {}):
            raise UserError(f"{target} has no option --{name.replace('_', '-')}")
        if value < 1:
            raise UserError(f"--{name.replace('_', '-')} must be at least 1, not {value}")
    return chosen


def export(
    target: str, run_name: str | None, precision: str | None = None, **wishes: int
) -> dict[str, Any]:
    """Export a run (the newest by default), prove the artifact, and only then put it in place.

    Raises OutOfToleranceError when the artifact is not the trained model; the last one stays.
    """
    start = time.perf_counter()
    about, chosen = room(target), check_wishes(target, precision, wishes)
    run = runs.find(run_name)
    card, test = run.card(), run.test_split()
    ARTIFACTS.mkdir(exist_ok=True)
    print(f"exporting run {run.name} for {about.ENGINE}", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix=f".{target}-", dir=ARTIFACTS) as workshop:
        made = Path(workshop) / target
        made.mkdir()
        exported: Exported = room(target, "export").export(run, made, chosen, **wishes)
        if (Path(__file__).parent / target / "page").is_dir():
            importlib.import_module("..page", __package__).assemble(target, made)
        described = Manifest(
            target=target,
            model=project.project().name,
            run=run.name,
            weights_sha256=card["weights_sha256"],
            engine=about.ENGINE,
            engine_version=project.version_of(about.PACKAGE),
            classes=tuple(card["classes"]),
            inputs=exported.inputs,
            outputs=exported.outputs,
            precision=chosen,
            models=exported.models,
            details=exported.details,
            files=describe_files(made),
            packages=project.installed_packages(),
            verification={},
        )
        write_manifest(made, described)  # a page in a browser reads it, too
        found = prove(target, made, described, run, test, tell=True)
        write_manifest(made, dataclasses.replace(described, verification=found))
        replace_folder(made, ARTIFACTS / target)
    size = sum(entry["bytes"] for entry in described.files.values())
    seconds = round(time.perf_counter() - start, 3)
    path = (ARTIFACTS / target).as_posix()
    about_it = {"target": target, "run": run.name, "path": path, "bytes": size, "seconds": seconds}
    return about_it | {"max_abs_error": found[chosen]["max_abs_error"], "variants": rows(found)}


def verify(target: str) -> dict[str, Any]:
    """Compare a target's artifact, in its own engines, with the trained model on the test split.

    Raises OutOfToleranceError when they differ by more than the target allows.
    """
    about = room(target)
    described = manifest(target)
    run = runs.find(described.run)
    if run.card()["weights_sha256"] != described.weights_sha256:
        raise UserError(f"run {run.name} was trained anew since the export; run `export {target}`")
    found = prove(target, folder(target), described, run, run.test_split())
    # An engine from npm lies in the artifact itself; others are the ones installed today.
    in_artifact = about.PACKAGE.startswith("npm:")
    version = described.engine_version if in_artifact else project.version_of(about.PACKAGE)
    headline = {"target": target, "engine": f"{about.ENGINE} {version}"}
    return headline | found[described.precision] | {"variants": rows(found)}


def prove(
    target: str, made: Path, described: Manifest, run: Run, test: Split, tell: bool = False
) -> dict[str, dict[str, Any]]:
    """Run every precision and every engine of an artifact against the trained model.

    Raises OutOfToleranceError for the first that is not within its limits.
    """
    about, runtime = room(target), room(target, "runtime")
    trained = run.card()["test"]
    found: dict[str, dict[str, Any]] = {}

    def measure(name: str, loader: Callable[[], Predict], precision: str) -> None:
        if tell:
            print(f"comparing {name}", file=sys.stderr)
        with opened(loader) as predict:
            measured = compare(predict, run, test)
        demand(f"{about.ENGINE}, {name},", measured, about.LIMITS[precision], trained)
        file = described.models[precision]
        found[name] = {"bytes": described.files[file]["bytes"]} | measured

    for precision in described.models:
        load = functools.partial(runtime.load, made, described, precision)
        measure(precision, load, precision)
    for name, loader in getattr(runtime, "others", lambda *_: {})(made, described).items():
        measure(name, loader, described.precision)
    return found


def rows(found: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Lay what was measured out as a table: one row per precision or engine."""
    columns = ("bytes", "median_ms", "max_abs_error", "agreement")
    return [
        {"variant": name} | {column: measured[column] for column in columns} | measured["test"]
        for name, measured in found.items()
    ]


def replace_folder(new: Path, old: Path) -> None:
    """Put `new` where `old` is; a kill in between leaves one of them whole."""
    if old.exists():
        aside = new.with_name("before")
        old.rename(aside)
        new.rename(old)
        shutil.rmtree(aside)
    else:
        new.rename(old)
