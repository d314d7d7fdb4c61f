"""The report on a run: one HTML page that needs nothing beside it, and its figures as PNG files."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import data
from ..errors import UserError
from ..project import Project, project
from ..runs import Run
from ..storage import write_atomic
from . import card as model_card
from . import figures, page
from .curves import curves
from .exhibits import Figure, Table
from .page import Facts

ARTIFACTS = Path("artifacts")
NOT_MEASURED = ("–",) * 4  # of weights, which are what the others are measured against
MOST_SKIPPED = 30
MOST_CLASSES = 20

Card = Mapping[str, Any]


def write(run: Run) -> Path:
    """Write `runs/<name>/report.html` and `plots/*.png`; returns the path of the page.

    A run that was interrupted, or whose data have changed since, gets a page that says so.
    Raises UserError when the folder cannot be written.
    """
    html, drawn = build(run)
    path = run.path / "report.html"
    try:
        (run.path / "plots").mkdir(exist_ok=True)
        for item in drawn:
            write_atomic(run.path / "plots" / f"{item.name}.png", item.png)
        # A file name may hold bytes that are no text; the page shows a question mark for them.
        write_atomic(path, html.encode("utf-8", "replace"))
    except OSError as error:
        raise UserError(f"the report cannot be written: {error}") from error
    return path


def build(run: Run) -> tuple[str, list[Figure]]:
    """Compose the page; returns it with the figures on it."""
    notices: list[str] = []
    card: Card = {}
    judged: list[Figure | Table] = []
    drawn: list[Figure] = []
    try:
        card = run.card()
        drawn, judged = results(card, run)
    except UserError as error:
        missing = "confusion matrix and no mistakes" if card else "results"
        notices.append(f"This page shows no {missing}: {error}.")
    followed = curves(run.metrics())
    if not followed:
        notices.append("There are no training curves: metrics.jsonl has no lines to draw.")
    sections = {"Training": page.facts(training(card, run)) + page.shown(followed)}
    if card:
        sections = {
            "Results": page.shown(judged),
            **sections,
            "Model": page.facts(model(card)),
            "Data": page.facts(data_facts(card)) + page.names("Skipped files", skipped(card)),
            "Sizes": page.shown([sizes(card, run)]),
            "Use and limits": use(card, run),
        }
    about = project()
    sections["Settings"] = page.shown([settings(run)])
    sections["Project"] = page.facts(origin(about, card))
    numbers = headline(card) if card else []
    html = page.compose(about.title, about.summary, run.name, notices, numbers, sections)
    return html, drawn + followed


def results(card: Card, run: Run) -> tuple[list[Figure], list[Figure | Table]]:
    """Judge the stored outputs on the test split; returns the figures, and all in the page's order.

    Raises UserError when the test split is empty or no longer the one that the run was judged on.
    """
    if not card["data"]["test"]:
        raise UserError("the test split is empty, so nothing tells how good the model is")
    outputs, dataset = run.test_outputs(), data.load(run.config.data)
    if dataset.test.fingerprint() != card["data"]["test_sha256"]:
        raise UserError("the test data are no longer those that this run was judged on")
    if len(outputs) != len(dataset.test):
        raise UserError(f"run {run.name} is damaged: test_outputs.npy has {len(outputs)} rows")
    drawn = figures.figures(outputs, dataset)
    first, *rest = model_card.tables(outputs, dataset)
    return drawn, [first, *drawn, *rest]


def headline(card: Card) -> list[tuple[str, str, str]]:
    """Return the few numbers that everybody asks for first: what, how much, and a note."""
    shape = "×".join(map(str, card["input_shape"]))
    rate = f"{card['samples_per_second']:,.0f} samples/s on {card['device']}"
    return [
        *model_card.headline(card),
        ("parameters", f"{card['parameters']:,}", f"input {shape}"),
        ("training", f"{card['seconds']:,.1f} s", rate),
    ]


def training(card: Card, run: Run) -> Facts:
    """List how long, how fast and on what the run was trained."""
    if not card:
        last = max((record.get("step", 0) for record in run.metrics()), default=0)
        return [("state", "not finished"), ("last recorded step", f"{last:,}")]
    return [
        ("steps", f"{card['steps']:,}"),
        ("epochs", f"{card['epochs']:,.4g}"),
        ("time", f"{card['seconds']:,.1f} s"),
        ("speed", f"{card['samples_per_second']:,.0f} samples/s"),
        ("device", str(card["device"])),
    ]


def model(card: Card) -> Facts:
    """List what the network is."""
    classes = card.get("classes", [])
    named = ", ".join(classes[:MOST_CLASSES]) + (", …" if len(classes) > MOST_CLASSES else "")
    known = [
        ("task", card["task"].replace("_", " ")),
        ("framework", f"{card['framework']} {card['framework_version']}"),
        ("parameters", f"{card['parameters']:,}"),
        ("input", "×".join(map(str, card["input_shape"])) + ", float32"),
    ]
    if classes:
        known.append(("output", f"{len(classes)} probabilities: {named}"))
    return known


def data_facts(card: Card) -> Facts:
    """List which data the run has seen, and how many."""
    told = card["data"]
    return [
        ("name", told["name"]),
        ("licence", told["licence"]),
        ("training samples", f"{told['train']:,}"),
        ("validation samples", f"{told['validation']:,}"),
        ("test samples", f"{told['test']:,}"),
        ("skipped files", f"{len(told['skipped']):,}"),
        ("sha256 of the test split", told["test_sha256"]),
    ]


def skipped(card: Card) -> list[str]:
    """Name the files that could not be read, the first of many."""
    found: list[str] = card["data"]["skipped"]
    more = len(found) - MOST_SKIPPED
    tail = [f"… and {more:,} more, all named in model/model.json"] if more > 0 else []
    return found[:MOST_SKIPPED] + tail


def sizes(card: Card, run: Run) -> Table:
    """List the weights and every artifact that was exported from these very weights."""
    rows: list[tuple[str, ...]] = []
    if run.weights.is_file():
        count = size(run.weights.stat().st_size)
        rows.append((f"model/{run.weights.name}", count, card["framework"], *NOT_MEASURED))
    for file in sorted(ARTIFACTS.glob("[!.]*/manifest.json")):
        try:
            told = json.loads(file.read_bytes())
            if told["weights_sha256"] != card["weights_sha256"]:
                continue
            rows += artifact(file.parent.as_posix(), told)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            damaged = (file.parent.as_posix(), "its manifest.json is damaged", "–")
            rows.append((*damaged, *NOT_MEASURED))
    head = ("what", "size", "runs in", "one answer", "largest difference", "same answers", "test")
    note = (
        "An artifact's probabilities were compared with the trained model's on the test split when "
        "it was exported; the verify command compares them again. Times are this computer's."
    )
    return Table("Weights and exported artifacts", head, rows, note)


def artifact(path: str, told: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Put a manifest into words: a row for every precision and engine that was measured."""
    return [
        (
            path if len(told["verification"]) == 1 else f"{path}: {variant}",
            size(checked["bytes"]),
            f"{told['engine']} {told['engine_version']}",
            f"{checked['median_ms']:.3g} ms",
            f"{checked['max_abs_error']:.2g}, allowed {checked['tolerance']:.2g}",
            f"{checked['agreement']:.2%}",
            ", ".join(f"{name} {value:.4f}" for name, value in checked["test"].items()),
        )
        for variant, checked in told["verification"].items()
    ]


def size(count: int) -> str:
    """Write a number of bytes for people, with the exact one behind it."""
    value, units = float(count), ["bytes", "kB", "MB", "GB"]
    while value >= 1000 and len(units) > 1:
        value, units = value / 1000, units[1:]
    return f"{count:,} bytes" if count < 1000 else f"{value:.1f} {units[0]} ({count:,} bytes)"


def use(card: Card, run: Run) -> str:
    """Say what the model is for and what it cannot do."""
    wanted = model_card.intended_use(card)
    limits = model_card.limits(card, str(run.config.data.source))
    return page.names("Intended use", wanted) + page.names("Limits", limits)


def settings(run: Run) -> Table:
    """List every setting of the run's config.toml with its meaning."""
    rows = []
    for section in dataclasses.fields(run.config):
        part = getattr(run.config, section.name)
        for field in dataclasses.fields(part):
            value = json.dumps(getattr(part, field.name), ensure_ascii=False)
            rows.append((f"{section.name}.{field.name}", value, field.metadata["text"]))
    return Table("Every setting of this run", ("setting", "value", "meaning"), rows)


def origin(about: Project, card: Card) -> Facts:
    """List what identifies the code and the weights."""
    rows = [
        ("version of the code", about.version),
        ("licence of the code", about.licence.removeprefix("LicenseRef-")),
        ("sha256 of the weights", card.get("weights_sha256", "")),
    ]
    return [(name, value) for name, value in rows if value]
