"""What a target is: a folder here, with rooms of the same names in each.

- `__init__.py`  names the ENGINE that runs the artifact, the PACKAGE it comes from, and what is
  asked of it: TOLERANCE (largest error of an output) and AGREEMENT (least share of equal answers).
- `export.py`    writes the artifact: `export(run, folder) -> (inputs, outputs)`, described as
  tensors. It alone may import the training framework.
- `runtime.py`   loads it in the engine: `load(folder, manifest) -> Predict`.
- `server.py`    serves it: `serve(folder, manifest, settings)`.

Exporting and verifying are written here, once for all targets.
"""

import dataclasses
import importlib
import importlib.metadata
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .. import metrics, project, runs
from ..config import ServeSettings
from ..data import Split
from ..errors import OutOfToleranceError, UserError
from ..runs import Run
from .manifest import Manifest, describe_files, read_manifest, write_manifest

ARTIFACTS = Path("artifacts")

Predict = Callable[[np.ndarray], np.ndarray]
"""A model as a function: inputs [n, ...] to outputs [n, ...]."""


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


def load(target: str) -> Predict:
    """Load a target's artifact in its own engine."""
    predict: Predict = room(target, "runtime").load(folder(target), manifest(target))
    return predict


def serve(target: str, settings: ServeSettings) -> None:
    """Serve a target's artifact until a signal comes."""
    room(target, "server").serve(folder(target), manifest(target), settings)


def export(target: str, run_name: str | None) -> dict[str, Any]:
    """Export a run (the newest by default), prove the artifact, and only then put it in place.

    Raises OutOfToleranceError when the artifact is not the trained model; the last one stays.
    """
    start = time.perf_counter()
    about, run = room(target), runs.find(run_name)
    card = run.card()
    test = run.test_split()
    ARTIFACTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target}-", dir=ARTIFACTS) as workshop:
        made = Path(workshop) / target
        made.mkdir()
        inputs, outputs = room(target, "export").export(run, made)
        described = Manifest(
            target=target,
            model=project.project().name,
            run=run.name,
            weights_sha256=card["weights_sha256"],
            engine=about.ENGINE,
            engine_version=importlib.metadata.version(about.PACKAGE),
            classes=tuple(card["classes"]),
            inputs=inputs,
            outputs=outputs,
            files=describe_files(made),
            packages=project.installed_packages(),
            verification={},
        )
        found = compare(room(target, "runtime").load(made, described), run, test)
        demand(about, found)
        write_manifest(made, dataclasses.replace(described, verification=found))
        replace_folder(made, ARTIFACTS / target)
    size = sum(entry["bytes"] for entry in described.files.values())
    seconds = round(time.perf_counter() - start, 3)
    path = (ARTIFACTS / target).as_posix()
    return {"target": target, "run": run.name, "path": path, "bytes": size, "seconds": seconds} | {
        "max_abs_error": found["max_abs_error"]
    }


def verify(target: str) -> dict[str, Any]:
    """Compare a target's artifact, in its own engine, with the trained model on the test split.

    Raises OutOfToleranceError when they differ by more than the target allows.
    """
    about = room(target)
    about_file = manifest(target)
    run = runs.find(about_file.run)
    if run.card()["weights_sha256"] != about_file.weights_sha256:
        raise UserError(f"run {run.name} was trained anew since the export; run `export {target}`")
    found = compare(load(target), run, run.test_split())
    demand(about, found)
    return {"target": target, "engine": f"{about.ENGINE} {about_file.engine_version}"} | found


def compare(predict: Predict, run: Run, test: Split) -> dict[str, Any]:
    """Measure how far an artifact's outputs on the test split are from the trained model's.

    The trained model's outputs were written down at the end of its training, so no framework is
    needed here. Batches of one, three and the rest prove that the batch size is free.
    """
    expected = run.test_outputs()
    parts = [test.inputs[:1], test.inputs[1:4], test.inputs[4:]]
    outputs = np.concatenate([predict(part) for part in parts if len(part)])
    if outputs.shape != expected.shape or not np.isfinite(outputs).all():
        raise OutOfToleranceError(
            f"the exported model gives {outputs.shape} values, some of them not numbers,"
            f" instead of {expected.shape}"
        )
    return {
        "max_abs_error": float(np.abs(outputs - expected).max()),
        "agreement": metrics.agreement(expected, outputs),
        "test": metrics.evaluate(outputs, test.targets),
    }


def demand(about: Any, found: dict[str, Any]) -> None:
    """Hold what was measured against what the target asks, and note the tolerance beside it."""
    found["tolerance"] = about.TOLERANCE
    if found["max_abs_error"] > about.TOLERANCE or found["agreement"] < about.AGREEMENT:
        raise OutOfToleranceError(
            f"{about.ENGINE} does not give the trained model's answers: the largest error is"
            f" {found['max_abs_error']:.1e} (at most {about.TOLERANCE:.0e}), and"
            f" {found['agreement']:.2%} of the answers agree (at least {about.AGREEMENT:.0%})"
        )


def replace_folder(new: Path, old: Path) -> None:
    """Put `new` where `old` is; a kill in between leaves one of them whole."""
    if old.exists():
        aside = new.with_name("before")
        old.rename(aside)
        new.rename(old)
        shutil.rmtree(aside)
    else:
        new.rename(old)
