"""What model.json and config.toml say, as lists and tables."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from .. import metrics
from ..errors import UserError
from ..plain_text import visible
from ..project import Project
from ..runs import Run
from ..signature import Signature, Tensor
from . import results
from .elements import Table
from .formatting import number
from .page import Facts

Card = Mapping[str, Any]

KEYS = {"task", "framework", "framework_version", "device", "parameters", "signature", "facts"}
KEYS |= {"weights_sha256", "data", "steps", "epochs", "seconds", "samples_per_second"}
KEYS |= {"test", "baselines", "verdict"}
SOURCE = {"source": "source", "hash of what it brought": "source_hash"}
MOST_SKIPPED = 30
MOST_NAMES = 20


def read(run: Run) -> Card:
    """Read model.json; UserError when there is none yet, or when parts of it are missing."""
    card = run.card()
    try:
        if missing := KEYS - set(card):
            raise ValueError(f"it has no {min(missing)}")
        Signature.from_json(card["signature"])
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"run {run.name} is damaged: model/model.json: {error}") from error
    return card


def headline(card: Card) -> list[tuple[str, str, str]]:
    """Return the few numbers that everybody asks for first: what, how much, and a note."""
    rate = f"{card['samples_per_second']:,.0f} samples/s on {card['device']}"
    return [
        *results.headline(card),
        ("parameters", f"{card['parameters']:,}", f"in {card['framework']}"),
        ("training", f"{card['seconds']:,.1f} s", rate),
    ]


def comparison(card: Card) -> Table:
    """Put the model beside the baselines: every metric on the test split."""
    names = list(card["test"])
    baselines = {f"baseline: {who}": measured for who, measured in card["baselines"].items()}
    answers = {"this model": card["test"], **baselines}
    rows = [(who, *(number(found[name]) for name in names)) for who, found in answers.items()]
    name, direction = metrics.monitor(card["facts"])
    better = "higher" if direction == "max" else "lower"
    note = f"The {spaced(name)} decides which checkpoint is the best; {better} is better."
    if not baselines:
        note += " No baselines were measured."
    head = ("model", *map(spaced, names))
    return Table("Model and baselines on the test split", head, rows, note)


def training(card: Card, run: Run) -> Facts:
    """List how far the training came."""
    if card:
        steps = [("steps", f"{card['steps']:,}"), ("epochs", f"{card['epochs']:,.4g}")]
        kept = card.get("weights_step", card["steps"])  # older cards do not have it
        return steps + ([("weights of step", f"{kept:,}")] if kept != card["steps"] else [])
    last = max((record.get("step", 0) for record in run.metrics()), default=0)
    return [("state", "not finished"), ("last recorded step", f"{last:,}")]


def model(card: Card) -> Facts:
    """List what the network is."""
    signature = Signature.from_json(card["signature"])
    return [
        ("task", spaced(card["task"])),
        ("framework", f"{card['framework']} {card['framework_version']}"),
        ("starts from", card.get("starts_from") or "new weights"),
        *((f"input {tensor.name}", described(tensor)) for tensor in signature.inputs),
        *((f"output {tensor.name}", described(tensor)) for tensor in signature.outputs),
    ]


def described(tensor: Tensor) -> str:
    """Put an input or output into words: what it is, type, shape of one row, bounds and names."""
    shape = "×".join("any" if length is None else str(length) for length in tensor.shape)
    words = f"{tensor.content}, {tensor.dtype}, {shape}"
    if tensor.low is not None and tensor.high is not None:
        high = max(tensor.high) if isinstance(tensor.high, tuple) else tensor.high
        words += f", {tensor.low:g} to {high:g}"
    names = tensor.labels
    more = ", …" if len(names) > MOST_NAMES else ""
    return f"{words}: {', '.join(names[:MOST_NAMES])}{more}" if names else words


def data(card: Card) -> Facts:
    """List which data the run has seen, and how many."""
    told = card["data"]
    return [
        ("name", told["name"]),
        ("licence", told["licence"]),
        ("training samples", f"{told['train']:,}"),
        ("validation samples", f"{told['validation']:,}"),
        ("test samples", f"{told['test']:,}"),
        ("skipped", f"{len(told['skipped']):,}"),
        ("sha256 of the test split", told["test_sha256"]),
        *((name, told[key]) for name, key in SOURCE.items() if told.get(key)),
    ]


def notes(card: Card) -> list[str]:
    """Repeat what people should know of the data, the first of many such notes."""
    # Runs that are older have none.
    found = [visible(note.partition(": ")[2]) for note in card["data"].get("notes", [])]
    more = len(found) - MOST_SKIPPED
    tail = [f"… and {more:,} more, all in model/model.json"] if more > 0 else []
    return found[:MOST_SKIPPED] + tail


def skipped(card: Card) -> list[str]:
    """Name what could not be read, the first of many."""
    found: list[str] = card["data"]["skipped"]
    more = len(found) - MOST_SKIPPED
    tail = [f"… and {more:,} more, all named in model/model.json"] if more > 0 else []
    return found[:MOST_SKIPPED] + tail


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


def spaced(name: str) -> str:
    """Write a name of the code as words."""
    return name.replace("_", " ")
