"""The table: a built-in one, or a file of your own, in three splits. No framework here.

A split's rows have the network's inputs, `numbers` float32 [n, number columns] and `codes` int32
[n, categories], those that the table has; and `target`: class numbers, int64 [n], or values,
float32 [n, 1].
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from . import examples, installed, schema, scores, splits
from .columns import (
    FARTHEST,
    Column,
    code_names,
    encode,
    number_columns,
    shown,
    sizes,
    text_of,
    to_number,
    unread,
)
from .dataset import ArraySplit, Dataset, golden_rows
from .errors import UserError
from .missing import MissingValues
from .printing import counted
from .signature import Batch, Signature, Tensor
from .table import Table, read_table
from .task import DataSettings

# Tables in packages of the dependency group `examples`: package, file, target, name, licence.
BUILT_IN = {
    "titanic": (
        "bokeh_sampledata",
        "_data/titanic_all.csv",
        "survived",
        "Passengers of the Titanic (bokeh-sampledata)",
        "public domain",
    ),
    "diamonds": (
        "plotnine",
        "data/diamonds.csv",
        "price",
        "Prices of round cut diamonds (plotnine)",
        "MIT",
    ),
}
MOST_NUMBERS = 20  # different whole numbers that are still classes
MOST_CLASSES = 1000
FEW = 0.1  # share of texts among a target's numbers that are in the way of learning values
FEW_TESTED = 20  # rows of which no figure says much
SKEWED = 4  # medians that the largest target is, where its logarithm is learned


@dataclass(frozen=True)
class TableSplit(ArraySplit):
    """A part of a table: arrays, and where their rows are in the file."""

    rows_of_file: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    """int64 [n], from 1: the file's first row after the names; its empty lines do not count"""


def load(settings: DataSettings) -> Dataset:
    """Load the table that the settings name; the same settings give the same arrays.

    Raises UserError when there is no table, no target, or nothing to learn from.
    """
    file, target, name, licence = find(settings)
    notes: list[str] = []
    table = read_table(file, notes)
    for column in (target, settings.group_column, settings.time_column):
        if column and column not in table:
            raise UserError(f"{file} has no column {column!r}; it has {', '.join(table)[:300]}")
    ignored = schema.listed(settings.ignore_columns, table, "--ignore-columns")
    categories = schema.listed(settings.category_columns, table, "--category-columns")
    if target in ignored:
        raise UserError(f"{target} is the target, and cannot be among --ignore-columns")
    lost = MissingValues.of(settings.missing_values)
    table = lost.emptied(table, notes)
    table, kept, skipped = drop_rows_without(target, table)
    truth, about = read_target(target, table, settings)
    places = splits.split(table, truth, about, settings)
    unused = dict.fromkeys(ignored, "as --ignore-columns says")
    if settings.group_column:
        unused[settings.group_column] = "it divides the rows"
    unused[target] = ""
    found = schema.infer(table, places[0], unused, categories)
    if not found.columns:
        reasons = [f"{name} ({why})" for name, why in [*found.left_out.items()][:3]]
        why = f"; left out: {', '.join(reasons)}" if reasons else ""
        raise UserError(f"{file} has no column to learn {target} from{why}")
    duplicates = count_duplicates({n: cells for n, cells in table.items() if n not in found.ids})
    lost.write_into(found.columns)
    inputs = encode(found.columns, table)
    notes += found.describe()
    if "classes" not in about:
        texts = [text_of(cell) for cell in table[target]]
        doubts = schema.doubts(target, texts, schema.find_decimal(texts))
        notes += [f"note: {text}" for text in doubts]
    notes += [f"note: {text}" for text in unread(found.columns, table)]
    if "classes" in about:
        notes += scores.small_classes(about["classes"], truth, "rows")
    if pair := schema.similar(about.get("classes", ())):
        notes.append(f"note: {target}: {pair} are taken for different classes")
    notes += splits.find_leaks(inputs, truth, about, found.columns)
    if duplicates:
        # Copies have the same group, and stay together.
        where = "" if settings.group_column else "; copies may be on both sides of the split"
        but = f", but for {', '.join(found.ids)[:100]}" if found.ids else ""
        notes.append(f"note: {duplicates:,} rows are there more than once{but}{where}")
    whole = inputs | {"target": truth}
    train, validation, test = (
        TableSplit({key: array[part] for key, array in whole.items()}, rows_of_file=kept[part] + 1)
        for part in places
    )
    measured = about | measure_target(train.arrays["target"], about, settings)
    facts = {
        "target": measured,
        "columns": found.columns,
        "left_out": found.left_out,
        "duplicates": duplicates,
        "examples": examples.choose(table, places[2], found.columns),
    }
    parts = f"{len(train):,} train, {len(validation):,} validate, {len(test):,} test"
    how = splits.in_words(settings)
    kind = f"{len(about['classes'])} classes" if "classes" in about else "a value"
    kind += ", of which the logarithm is learned" if measured.get("log") else ""
    if len(test) < FEW_TESTED:
        notes.append(f"note: {counted(len(test), 'row')} tested: what results say is chance")
    notes += [*skipped, f"{len(truth):,} rows: {parts}, {how}; the target is {target}, {kind}"]
    return Dataset(name, licence, train, validation, test, facts, skipped, tuple(notes))


def signature(facts: Mapping[str, Any]) -> Signature:
    """Say what a network of these columns takes and gives."""
    columns: list[Column] = facts["columns"]
    inputs = []
    if numbers := number_columns(columns):
        names = tuple(column["name"] for column in numbers)
        inputs.append(
            Tensor(
                "numbers", "float32", (len(names),), "numbers", names, low=-FARTHEST, high=FARTHEST
            )
        )
    if names := tuple(code_names(columns)):
        highest = tuple(size - 1 for size in sizes(columns))
        inputs.append(
            Tensor("codes", "int32", (len(names),), "categories", names, low=0, high=highest)
        )
    target = facts["target"]
    if classes := tuple(target.get("classes", ())):
        output = Tensor(
            "probabilities", "float32", (len(classes),), "classes", classes, low=0, high=1
        )
    else:
        output = Tensor("value", "float32", (1,), "values", (target["name"],))
    return Signature(tuple(inputs), (output,))


def golden(dataset: Dataset) -> Batch:
    """Choose the rows on which exported models are compared with the trained one."""
    return golden_rows(dataset.test, signature(dataset.facts))


def find(settings: DataSettings) -> tuple[Path, str, str, str]:
    """Find the table: its file, its target, its name and its licence."""
    if settings.source not in BUILT_IN:
        file = Path(settings.source).expanduser()
        if not settings.source or not file.is_file():
            built_in = ", ".join(BUILT_IN)
            raise UserError(f"there is no file {file}; set `source` to your table, or {built_in}")
        if not settings.target_column:
            raise UserError("say which column is to be learned: --target-column NAME")
        return file, settings.target_column, file.name, "your own"
    package, path, target, name, licence = BUILT_IN[settings.source]
    file = installed.folder(package, settings.source) / path
    return file, settings.target_column or target, name, licence


def drop_rows_without(target: str, table: Table) -> tuple[Table, np.ndarray, tuple[str, ...]]:
    """Leave out the rows whose target is missing; returns the places of the others, and says so."""
    known = [bool(text_of(cell)) for cell in table[target]]
    missing = len(known) - sum(known)
    places = np.flatnonzero(known)
    if not missing:
        return table, places, ()
    if missing == len(known):
        raise UserError(f"the column {target} has no values")
    meant = {cell.strip() for cell, keep in zip(table[target], known, strict=True) if not keep}
    such = f" ({shown([cell for cell in meant if cell])})" if any(meant) else ""
    kept = {
        name: [cell for cell, keep in zip(cells, known, strict=True) if keep]
        for name, cells in table.items()
    }
    said = f"{missing:,} of {len(known):,} rows have no {target}{such} and are left out"
    return kept, places, (said,)


def count_duplicates(table: Table) -> int:
    """Count rows that an earlier one equals in every column: one may train and the other test."""
    counts = Counter(zip(*table.values(), strict=True))
    again = counts.total() - len(counts)
    return again


def read_target(
    target: str, table: Table, settings: DataSettings
) -> tuple[np.ndarray, dict[str, Any]]:
    """Read what is to be learned: class numbers, int64 [n], or values, float32 [n, 1].

    Returns with it the target's name and, of classes, their names.
    """
    texts = [text_of(cell) for cell in table[target]]
    decimal = schema.find_decimal(texts)
    numbers = np.array([to_number(text, decimal) for text in texts])
    different = sorted(set(texts))
    if len(different) == 1:
        raise UserError(
            f"the column {target} has the value {different[0]!r} only; texts such as NA and None"
            " count as missing"
        )
    numeric = not np.isnan(numbers).any()
    whole = numeric and bool((numbers == np.round(numbers)).all())
    few = len(different) <= MOST_NUMBERS
    if settings.target_kind == "value" or (
        settings.target_kind == "auto" and numeric and not (whole and few)
    ):
        if not numeric:
            raise no_number(target, texts, numbers)
        return numbers.astype(np.float32)[:, None], {"name": target}
    if len(different) > min(MOST_CLASSES, len(texts) // 2):
        if settings.target_kind == "auto" and np.isnan(numbers).mean() <= FEW:
            raise no_number(target, texts, numbers)
        raise UserError(
            f"the column {target} has {len(different):,} different texts in {len(texts):,} rows,"
            " too many for classes"
        )
    if numeric:
        different.sort(key=lambda text: to_number(text, decimal))
    places = {name: place for place, name in enumerate(different)}
    labels = np.array([places[text] for text in texts], np.int64)
    return labels, {"name": target, "classes": different}


def no_number(target: str, texts: Sequence[str], numbers: np.ndarray) -> UserError:
    """Name what stands among a target's numbers, NaN where a text is none, and what to do."""
    others = [text for text, number in zip(texts, numbers, strict=True) if np.isnan(number)]
    return UserError(
        f"{len(others):,} of {len(texts):,} values of the column {target} are no numbers, such as"
        f" {shown(others)}; empty those cells, and their rows are left out"
    )


def measure_target(
    truth: np.ndarray, about: Mapping[str, Any], settings: DataSettings
) -> dict[str, Any]:
    """Describe the training rows' targets: how often each class is there, or their scale."""
    if "classes" in about:
        return {"counts": np.bincount(truth, minlength=len(about["classes"])).tolist()}
    values = truth.astype(np.float64)
    positive = bool(values.min() > 0)
    if settings.log_target == "yes" and not positive:
        raise UserError(f"{about['name']} has values that are not above 0, so it has no logarithm")
    skewed = positive and bool(values.max() > SKEWED * np.median(values))
    log = settings.log_target == "yes" or (settings.log_target == "auto" and skewed)
    values = np.log(values) if log else values
    return {
        "log": log,
        "mean": float(values.mean()),
        "scale": float(values.std()) or 1.0,
        "low": float(values.min()),
        "high": float(values.max()),
    }


def class_names(facts: Mapping[str, Any]) -> Sequence[str]:
    """Return the classes' names; none where the target is a value."""
    names: Sequence[str] = facts["target"].get("classes", ())
    return names
