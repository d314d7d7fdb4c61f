"""Write a trained network for a target, prove it there, and only then put it in place."""

import contextlib
import dataclasses
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from . import answers, predictions, project, runs, scaled, targets, verification
from .dataset import ArraySplit, Split
from .errors import UserError
from .manifest import Manifest, describe_files, write_manifest
from .runs import Run
from .signature import Batch
from .targets import ARTIFACTS, Exported

CALIBRATION_ROWS = 500  # more of them change the ranges of int8 little and take longer
CALIBRATION_SEED = 0
LOCKS = Path(".cache")
BEFORE = "before"  # where an artifact is while another one takes its place


def export(target: str, run: Run, precision: str | None = None, **options: int) -> dict[str, Any]:
    """Export a run; returns what `export --json` prints.

    Raises OutOfToleranceError when the artifact is not the trained model; the last one stays.
    """
    start = time.perf_counter()
    about, chosen = targets.load_module(target), targets.check(target, precision, options)
    card = run.card()
    ARTIFACTS.mkdir(exist_ok=True)
    print(f"exporting run {run.name} for {about.ENGINE}", file=sys.stderr)
    warn(run)
    with stage(target) as folder:
        exporter = targets.load_module(target, "export")
        exported: Exported = exporter.export(run, folder, chosen, **options)
        targets.add_page(target, folder)
        write_cases(run, folder)
        manifest = Manifest(
            target=target,
            model=project.project().name,
            run=run.name,
            weights_sha256=card["weights_sha256"],
            engine=about.ENGINE,
            engine_version=project.version_of(about.PACKAGE),
            signature=run.signature(),
            facts=card["facts"],
            precision=chosen,
            models={
                name: {"file": file, "scaling": scaled.describe(name)}
                for name, file in exported.models.items()
            },
            details=exported.details,
            files=describe_files(folder),
            packages=project.installed_packages(),
            verification={},
        )
        write_manifest(folder, manifest)  # a page in a browser reads it, too
        runtime = targets.load_module(target, "runtime")
        found = verification.verify(folder, manifest, run, about, runtime)
        write_manifest(folder, dataclasses.replace(manifest, verification=found))
        replace_folder(folder, ARTIFACTS / target)
    result: dict[str, Any] = {"target": target, "run": run.name}
    result |= {"path": (ARTIFACTS / target).as_posix()}
    result |= {"bytes": manifest.all_bytes}
    result |= {"seconds": round(time.perf_counter() - start, 3)}
    result |= headline(found[chosen]) | {"variants": rows(found)}
    return result | smallest(found, manifest)


@contextlib.contextmanager
def stage(target: str) -> Iterator[Path]:
    """Give one process a folder to export a target into, which is removed in the end.

    Raises UserError while another one exports the same target.
    """
    import filelock  # a server exports nothing, and its container does without

    LOCKS.mkdir(exist_ok=True)
    try:
        with filelock.FileLock(LOCKS / f"export-{target}.lock", timeout=0):
            for left in ARTIFACTS.glob(f".{target}-*"):  # by a process that was killed
                if (left / BEFORE).exists() and not (ARTIFACTS / target).exists():
                    (left / BEFORE).rename(ARTIFACTS / target)
                shutil.rmtree(left, ignore_errors=True)
            # Where an engine has a file still open, Windows removes nothing: what went wrong is
            # said first.
            with tempfile.TemporaryDirectory(
                prefix=f".{target}-", dir=ARTIFACTS, ignore_cleanup_errors=True
            ) as staging:
                folder = Path(staging) / target
                folder.mkdir()
                yield folder
    except filelock.Timeout as error:
        raise UserError(f"{target} is being exported by another process; wait for it") from error


def verify(target: str, folder: Path = runs.RUNS) -> dict[str, Any]:
    """Compare a target's artifact, in its own engines, with the trained model, a run in `folder`.

    Returns what `verify --json` prints. Raises OutOfToleranceError when they differ by more than
    the target allows.
    """
    about, manifest = targets.load_module(target), targets.manifest(target)
    run = runs.find(manifest.run, folder=folder)
    if run.card()["weights_sha256"] != manifest.weights_sha256:
        raise UserError(f"run {run.name} was trained anew since the export; run `export {target}`")
    warn(run)
    runtime = targets.load_module(target, "runtime")
    found = verification.verify(ARTIFACTS / target, manifest, run, about, runtime)
    # An engine from npm lies in the artifact itself; others are the ones installed today.
    in_artifact = about.PACKAGE.startswith("npm:")
    version = manifest.engine_version if in_artifact else project.version_of(about.PACKAGE)
    result: dict[str, Any] = {"target": target, "engine": f"{about.ENGINE} {version}"}
    # As `export` counts them; the rows of `variants` have the bytes of each model.
    result |= found[manifest.precision] | {"bytes": manifest.all_bytes}
    return result | {"variants": rows(found)} | smallest(found, manifest)


def warn(run: Run) -> None:
    """Say again what was found wrong with a run: its artifact is proven to be no better."""
    for sentence in run.card()["verdict"]:
        print(f"warning about run {run.name}: {sentence}", file=sys.stderr)


def calibration(run: Run, rows: int = CALIBRATION_ROWS) -> Iterator[Batch]:
    """Give training rows, inputs only, one at a time: they show an exporter the ranges of int8.

    The rows are drawn from the training split by a seed of their own, so they are always the same.
    Where a split's rows are not yet the model's inputs, the golden rows stand for them.
    """
    signature = run.signature()
    split: Split = run.dataset().train
    if not {tensor.name for tensor in signature.inputs} <= split.rows(np.array([0])).keys():
        split = ArraySplit(run.golden()[0])
    chosen = np.random.default_rng(CALIBRATION_SEED).permutation(len(split))[:rows]
    for place in chosen:
        yield signature.only_inputs(split.rows(np.array([place])))


def write_cases(run: Run, folder: Path) -> None:
    """Write cases.json, to test programs with: inputs, their tensors, the trained model's answers.

    `tensors` has the shapes of one row. There is no file where the task has no cases.
    """
    from . import inference  # it imports the framework, as exporters do and `verify` does not

    facts = run.card()["facts"]
    inputs, batch = predictions.cases(facts)
    if not inputs:
        return
    tensors = run.signature().only_inputs(batch)  # there may be more, such as names, for `encode`
    outputs = answers.compute(inference.load(run), batch, run.signature(), facts)
    answered = predictions.encode(batch | outputs, facts)
    cases = [
        {
            "input": given,
            "tensors": {name: array[row].tolist() for name, array in tensors.items()},
            "answer": answered[row],
        }
        for row, given in enumerate(inputs)
    ]
    if answers.SEVERAL_CALLS:  # what they end in is no output of the model: `verify` compares it
        for row, case in enumerate(cases):
            case["outputs"] = {name: array[row].tolist() for name, array in outputs.items()}
    text = json.dumps(cases, indent=1, ensure_ascii=False)
    (folder / answers.CASES).write_text(text, encoding="utf-8")


def headline(measured: dict[str, Any]) -> dict[str, Any]:
    """Pick the figures that say whether an export is good."""
    names = ("max_abs_error", "relative_error", "answer_error", "agreement")
    return {name: measured[name] for name in names if name in measured}


def rows(found: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Lay what was measured out as a table: one row per precision or engine."""
    return [
        {"variant": name, "bytes": measured["bytes"], "median_ms": measured["median_ms"]}
        | headline(measured)
        | measured["test"]
        for name, measured in found.items()
    ]


def smallest(found: dict[str, dict[str, Any]], manifest: Manifest) -> dict[str, str]:
    """Name the smallest of several files; each has kept to the limits, or there was an error."""
    if len(manifest.models) < 2:
        return {}
    sizes = {name: int(found[name]["bytes"]) for name in manifest.models}
    least, most = min(sizes, key=sizes.__getitem__), max(sizes, key=sizes.__getitem__)
    share = f"{sizes[least] / sizes[most]:.0%} of {manifest.file(most)}"
    return {"smallest": f"{manifest.file(least)}, within its limits, {share}"}


def replace_folder(new: Path, old: Path) -> None:
    """Put `new` where `old` is; a kill in between leaves one of them whole."""
    if old.exists():
        aside = new.with_name(BEFORE)
        old.rename(aside)
        try:
            new.rename(old)
        except OSError:  # as on Windows, while some program has one of its files open
            aside.rename(old)
            raise
        shutil.rmtree(aside)
    else:
        new.rename(old)
