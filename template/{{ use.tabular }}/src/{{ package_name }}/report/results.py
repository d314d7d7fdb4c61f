"""What a report on a table shows and says."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .. import metrics
from ..columns import to_number
from ..config import Config
from ..data import TableSplit, class_names, signature
from ..dataset import Split
from ..signature import Predict
from . import limits as words
from .classes import Answers, calibration_figure, class_table, collect, confusion, confusion_figure
from .elements import Figure, Table, plain
from .formatting import interval, number, percent
from .importance import importance_figure
from .importance import measure as measure_importance
from .rows import MOST_ROWS, column_table, describe, signed, worst_table
from .values import predicted_figure, residual_figure

TOGETHER = {"log_loss": "loss"}  # it is the training's loss
NOTES: dict[str, str] = {}


def headline(card: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return the results for the top of the page: what, how much, and a note."""
    test, facts = card["test"], card["facts"]
    if not class_names(facts):
        unit = f"in the unit of {plain(facts['target']['name'], 24)}"
        return [
            ("test RMSE", number(test["rmse"]), f"root mean square error, {unit}"),
            ("test MAE", number(test["mae"]), f"mean absolute error, {unit}"),
            ("test R²", f"{test['r2']:.4f}", "1 is perfect, 0 no better than the mean"),
        ]
    n = card["data"]["test"]
    hits = round(test["accuracy"] * n)
    found = [
        ("test accuracy", percent(test["accuracy"]), f"95 % interval: {interval(hits, n)}"),
        ("test log loss", f"{test['log_loss']:.4f}", "nats; 0 is perfect"),
        ("test macro F1", f"{test['macro_f1']:.4f}", "mean over the classes; 1 is perfect"),
    ]
    if "roc_auc" in test:
        found.append(("test ROC AUC", f"{test['roc_auc']:.4f}", "1 is perfect, 0.5 is chance"))
    return found


def results(model: Predict, split: Split, facts: Mapping[str, Any]) -> list[Figure | Table]:
    """Show where the model is right and where not, what it uses, and what it was given."""
    importance = measure_importance(model, split, facts)
    how = results_of_classes if class_names(facts) else results_of_values
    return [
        *how(model, split, facts, importance.order),
        importance_figure(importance, facts),
        column_table(facts),
    ]


def results_of_classes(
    model: Predict, split: Split, facts: Mapping[str, Any], order: Sequence[int]
) -> list[Figure | Table]:
    """Show which classes are taken for which, and what the probabilities are worth."""
    classes = shown_names(facts)
    answers = collect(model, split, signature(facts), "target")
    counts = confusion(answers, len(classes))
    return [
        confusion_figure(counts, classes),
        calibration_figure(answers, "rows"),
        class_table(counts, classes),
        worst_of_classes(answers, split, facts, order),
    ]


def worst_of_classes(
    answers: Answers, split: Split, facts: Mapping[str, Any], order: Sequence[int]
) -> Table:
    """List the rows whose true class got the lowest probability, the wrong ones first."""
    classes = shown_names(facts)
    right = answers.said == answers.labels
    rows = np.lexsort((answers.true, right))[:MOST_ROWS]
    told = [
        (classes[answers.labels[row]], classes[answers.said[row]], percent(answers.stated[row]))
        for row in rows
    ]
    note = (
        f"{np.count_nonzero(~right):,} of {len(right):,} test rows got a wrong answer. Shown are "
        "those whose true class got the lowest probability, worst first."
    )
    values = describe(facts["columns"], split.rows(rows), order)
    head = ("true", "answer", "probability")
    return worst_table(head, told, rows_of_file(split)[rows], values, note)


def results_of_values(
    model: Predict, split: Split, facts: Mapping[str, Any], order: Sequence[int]
) -> list[Figure | Table]:
    """Show predicted against true, residuals, and the rows that are off farthest."""
    answers, truths = metrics.collect(model, split, facts)
    said, truth = answers[:, 0].astype(np.float64), truths[:, 0].astype(np.float64)
    log = facts["target"]["log"] and bool(min(said.min(), truth.min()) > 0)
    rows = np.argsort(-np.abs(said - truth), kind="stable")[:MOST_ROWS]
    told = [(number(truth[i]), number(said[i]), signed(said[i] - truth[i])) for i in rows]
    values = describe(facts["columns"], split.rows(rows), order)
    head = ("true", "predicted", "off by")
    note = "The test rows whose predictions are farthest from the truth, farthest first."
    return [
        predicted_figure(said, truth, log),
        residual_figure(said, truth, log),
        worst_table(head, told, rows_of_file(split)[rows], values, note),
    ]


def rows_of_file(split: Split) -> np.ndarray:
    """Return where the rows of a split are in the file, int64 [n], from 1."""
    assert isinstance(split, TableSplit)
    return split.rows_of_file


def shown_names(facts: Mapping[str, Any]) -> list[str]:
    """Name the classes for people; numbers alone would not say what they are."""
    names = class_names(facts)
    numeric = not any(math.isnan(to_number(name)) for name in names)
    start = f"{plain(facts['target']['name'], 16)} = " if numeric else ""
    return [start + plain(name) for name in names]


def intended_use(card: Mapping[str, Any]) -> list[str]:
    """Say what the model is for, from its own columns and target, and how simple models do."""
    return words.intended_use(card)


def limits(card: Mapping[str, Any], settings: Config) -> list[str]:
    """Say what the model cannot do, and what its figures do not tell."""
    return words.limits(card, settings)
