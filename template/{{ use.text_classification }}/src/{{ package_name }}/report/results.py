"""What a report on texts shows."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import reading
from ..config import Config
from ..data import TextSplit, class_names, signature
from ..dataset import Split
from ..signature import Predict
from . import limits as words
from .classes import Answers, calibration_figure, class_table, collect, confusion, confusion_figure
from .elements import Figure, Table, plain
from .formatting import interval, percent
from .lengths import length_figure

TOGETHER = {"log_loss": "loss"}  # it is the training's loss
NOTES: dict[str, str] = {}

MOST_TEXTS = 15  # in the table of mistakes
MOST_CHARACTERS = 160  # of each of them


def headline(card: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return the results for the top of the page: what, how much, and a note."""
    test, n = card["test"], card["data"]["test"]
    hits = round(test["accuracy"] * n)
    return [
        ("test accuracy", percent(test["accuracy"]), f"95 % interval: {interval(hits, n)}"),
        ("test log loss", f"{test['log_loss']:.4f}", "nats; 0 is perfect"),
        ("test macro F1", f"{test['macro_f1']:.4f}", "mean over the classes; 1 is perfect"),
    ]


def results(model: Predict, split: Split, facts: Mapping[str, Any]) -> list[Figure | Table]:
    """Show which classes are taken for which, how the length counts, and the worst mistakes."""
    classes = [plain(name) for name in class_names(facts)]
    answers = collect(model, split, signature(facts), "target")
    counts = confusion(answers, len(classes))
    return [
        confusion_figure(counts, classes),
        calibration_figure(answers, "texts"),
        length_figure(answers, split, facts),
        class_table(counts, classes),
        mistakes(answers, split, facts),
    ]


def mistakes(answers: Answers, split: Split, facts: Mapping[str, Any]) -> Table:
    """List the wrong answers that were given with the highest probability."""
    assert isinstance(split, TextSplit)
    own = len(split.rows_of_file) > 0
    places = split.rows_of_file if own else np.arange(1, len(split) + 1)
    classes = [plain(name) for name in class_names(facts)]
    wrong = np.flatnonzero(answers.said != answers.labels)
    rows = wrong[np.argsort(-answers.stated[wrong], kind="stable")][:MOST_TEXTS]
    texts = [reading.decode(codes, facts) for codes in split.rows(rows)["tokens"]]
    lines = [
        (
            f"{places[row]:,}",
            classes[answers.labels[row]],
            classes[answers.said[row]],
            percent(answers.stated[row]),
            plain(text, MOST_CHARACTERS),
        )
        for row, text in zip(rows.tolist(), texts, strict=True)
    ]
    note = (
        f"{len(wrong):,} of {len(answers.said):,} test texts got a wrong answer. Shown are those "
        "that the model was surest of: often the label is wrong, or the text fits both."
    )
    if own:
        note += " Row 1 is the first after the names of the columns; empty lines do not count."
    head = ("row of the file" if own else "test text", "true", "answer", "probability", "text")
    return Table("Most confident mistakes", head, lines, note)


def intended_use(card: Mapping[str, Any]) -> list[str]:
    """Say what the model is for, and how simple models do."""
    return words.intended_use(card)


def limits(card: Mapping[str, Any], settings: Config) -> list[str]:
    """Say what the model cannot do, and what its figures do not tell."""
    return words.limits(card, settings)
