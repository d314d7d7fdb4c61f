"""Texts with their labels, from a file of your own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import languages
from .errors import UserError
from .table import PLAIN, TEXTS, Table, read_table
from .task import DataSettings

BUILT_IN = "languages"
MOST_CLASSES = 1000
MISSING = {"na", "n/a", "nan", "null", "none", "-", "?"}  # words that are often no label


@dataclass(frozen=True)
class Collection:
    """Texts, what each of them is, and which belong together; all lists have the same length."""

    name: str
    licence: str
    texts: list[str]
    labels: list[str]
    groups: list[str]
    """texts of one group stay in one split; empty where there are no groups"""
    rows: list[int] = field(default_factory=list)
    """where they are in the file, from 1; empty where there is no file"""
    skipped: tuple[str, ...] = ()
    """what was left out or is missing, in words"""


def read(settings: DataSettings, notes: list[str]) -> Collection:
    """Read the texts that the settings name; `notes` gets what people should know of the file.

    Raises UserError when there is no file, no such column, or nothing to learn from.
    """
    if settings.source == BUILT_IN:
        texts, labels, sources = languages.load()
        return Collection(languages.NAME, languages.LICENCE, texts, labels, sources)
    file = Path(settings.source).expanduser()
    if not settings.source or not file.is_file():
        raise UserError(f"there is no file {file}; set `source` to your file, or {BUILT_IN}")
    kinds = {settings.label_column: PLAIN, settings.text_column: TEXTS}
    table = read_table(file, notes, kinds=kinds)
    columns = [find(table, settings.text_column, "text_column", file)]
    columns.append(find(table, settings.label_column, "label_column", file))
    if settings.group_column:
        columns.append(find(table, settings.group_column, "group_column", file))
    return keep_known(file, columns)


def find(table: Table, name: str, setting: str, file: Path) -> list[str]:
    """Return a column of the table; UserError where there is none of this name."""
    if name not in table:
        flag = f"--{setting.replace('_', '-')}"
        known = ", ".join(table)[:300]
        raise UserError(f"{file} has no column {name!r}; it has {known}: choose one with {flag}")
    return table[name]


def keep_known(file: Path, columns: Sequence[list[str]]) -> Collection:
    """Leave out the rows that have no text or no label, and say how many."""
    rows = list(enumerate(zip(*columns, strict=True), 1))
    labelled = [(place, row) for place, row in rows if row[1].strip()]
    kept = [(place, row) for place, row in labelled if row[0].strip()]
    skipped = []
    for count, lack in ((len(rows) - len(labelled), "label"), (len(labelled) - len(kept), "text")):
        if count:
            skipped.append(f"{count:,} of {len(rows):,} rows have no {lack} and are left out")
    if not kept:
        raise UserError(f"{file} has no row with a text and a label")
    texts, labels = [row[0] for _, row in kept], [row[1].strip() for _, row in kept]
    groups = [row[2] for _, row in kept] if len(columns) > 2 else []
    if alone := sum(not group.strip() for group in groups):
        skipped.append(f"note: {alone:,} rows have no group, and count as one group together")
    places = [place for place, _ in kept]
    return Collection(file.name, "your own", texts, labels, groups, places, tuple(skipped))


def find_classes(collection: Collection) -> list[str]:
    """Return the labels' names in order; UserError when they are one, or too many."""
    classes = sorted(set(collection.labels), key=in_order)
    if len(classes) == 1:
        raise UserError(f"all texts have the label {classes[0]!r}; there is nothing to tell apart")
    if len(classes) > min(MOST_CLASSES, len(collection.labels) // 2):
        raise UserError(
            f"there are {len(classes):,} different labels for {len(collection.labels):,} texts, too"
            " many to learn; is --label-column the right one?"
        )
    return classes


def in_order(label: str) -> tuple[float, str]:
    """Order labels that are whole numbers by their value, and others after them by name."""
    return (float(label) if label.isascii() and label.isdigit() else float("inf")), label


def tell_oddities(collection: Collection, classes: Sequence[str]) -> list[str]:
    """Say what is odd about texts and labels."""
    notes = []
    for name in classes:
        if name.lower() in MISSING:
            notes.append(f"note: the label {name!r} counts as a class of its own")
    folded: dict[str, list[str]] = {}
    for name in classes:
        folded.setdefault(name.casefold(), []).append(name)
    for alike in folded.values():
        if len(alike) > 1:
            names = " and ".join(map(repr, alike[:3]))
            notes.append(f"note: {names} are taken for different classes")
    copies = len(collection.texts) - len(set(collection.texts))
    if copies:
        notes.append(f"note: {copies:,} texts are copies of others")
    found: dict[str, set[str]] = {}
    for text, label in zip(collection.texts, collection.labels, strict=True):
        found.setdefault(text, set()).add(label)
    unsure = [text for text, labels in found.items() if len(labels) > 1]
    if unsure:
        names = " and ".join(map(repr, sorted(found[unsure[0]])[:2]))
        notes.append(
            f"note: {len(unsure):,} texts are there with more than one label, such as"
            f" {shorten(unsure[0])} with {names}: no answer is right for all of them"
        )
    return notes


def shorten(text: str) -> str:
    """Quote the beginning of a text."""
    return repr(text if len(text) <= 40 else f"{text[:40]}…")
