"""The sizes of the weights and of what was exported from them, and how exports answer."""

import json
from collections.abc import Mapping
from typing import Any

from ..runs import Run
from ..targets import ARTIFACTS
from .elements import Table
from .formatting import number, size

HEAD = ("what", "size", "runs in", "one answer", "largest difference", "same answers", "test")
NOTE = (
    "When an artifact is exported, its answers for some of the test samples are compared with the "
    "trained model's; the verify command compares them again. Times are this computer's."
)
NOT_MEASURED = ("–",) * 4  # of weights, which are what the others are measured against


def artifact_table(card: Mapping[str, Any], run: Run) -> Table:
    """List the weights and every artifact that was exported from these very weights."""
    rows: list[tuple[str, ...]] = []
    if run.weights.is_file():
        count = size(run.weights.stat().st_size)
        rows.append((f"model/{run.weights.name}", count, card["framework"], *NOT_MEASURED))
    for file in sorted(ARTIFACTS.glob("[!.]*/manifest.json")):
        path = file.parent.as_posix()
        try:
            manifest = json.loads(file.read_bytes())
            if manifest["weights_sha256"] == card["weights_sha256"]:
                rows += measured_rows(path, manifest)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            rows.append((path, "its manifest.json is damaged", "–", *NOT_MEASURED))
    return Table("Weights and exported artifacts", HEAD, rows, NOTE)


def measured_rows(path: str, manifest: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Put a manifest into words: a row for every precision and engine that was measured."""
    verification = manifest["verification"]
    return [
        (
            path if len(verification) == 1 else f"{path}: {variant}",
            size(measured["bytes"]),
            f"{manifest['engine']} {manifest['engine_version']}",
            f"{measured['median_ms']:.3g} ms",
            difference(measured),
            f"{measured['agreement']:.2%}" if "agreement" in measured else "–",
            ", ".join(f"{name} {number(value)}" for name, value in measured["test"].items()) or "–",
        )
        for variant, measured in verification.items()
    ]


def difference(measured: Mapping[str, Any]) -> str:
    """Say how far the answers are from the trained model's, and how far they may be."""
    found = f"{measured['max_abs_error']:.2g}"
    if "relative_error" in measured:  # it is the one that counts
        found += f"; relative {measured['relative_error']:.2g}"
    return f"{found}, allowed {measured['tolerance']:.2g}"
