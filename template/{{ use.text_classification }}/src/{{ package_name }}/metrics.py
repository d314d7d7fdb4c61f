"""How good the answers are: NumPy in, numbers out."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from . import reading, scores
from .config import Config
from .data import class_names, signature
from .dataset import Dataset, Split, iterate
from .signature import Predict
from .task import TrainSettings

BASELINE_TEXTS = 50_000  # that simple models learn from at most: they are there in a minute

Figures = dict[str, float]


def evaluate(model: Predict, split: Split, settings: Config, facts: Mapping[str, Any]) -> Figures:
    """Measure a model on a split, which is read a piece at a time.

    Returns accuracy and macro_f1 (0 to 1), and log_loss (nats).
    """
    parts = [
        (model(batch)["probabilities"], batch["target"])
        for batch in iterate(split, signature(facts))
    ]
    answers, truth = (np.concatenate(part) for part in zip(*parts, strict=True))
    return scores.measure(answers, truth)


def monitor(facts: Mapping[str, Any]) -> tuple[str, str]:
    """Name the metric that decides which checkpoint is the best, and where it is better."""
    return "log_loss", "min"


def judged_by(settings: TrainSettings, facts: Mapping[str, Any]) -> tuple[str, str]:
    """Name the metric of the verdict: `class_weights` move the probabilities of `monitor`'s."""
    return ("macro_f1", "max") if settings.class_weights == "balanced" else monitor(facts)


def degradation(trained: Figures, found: Figures) -> float:
    """Say how much worse an exported model is: accuracy lost, 0 to 1."""
    return trained["accuracy"] - found["accuracy"]


def remarks(
    test: Mapping[str, float],
    baselines: Mapping[str, Mapping[str, float]],
    facts: Mapping[str, Any],
) -> list[str]:
    """Say what is to be said about results, beside what is said of every task's."""
    return scores.unbalanced(test, facts["counts"])


def baselines(dataset: Dataset) -> dict[str, Figures]:
    """Measure simple models on the same split, from the same bytes of each text.

    They are the most frequent class, and logistic regression on TF-IDF, the frequencies of up to
    three characters within words, weighted by how few texts have them. The regression is fitted by
    stochastic gradient descent, class by class, which takes a second where others take many.
    """
    from sklearn.dummy import DummyClassifier
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import SGDClassifier
    from sklearn.pipeline import make_pipeline

    characters = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(1, 3), max_features=30_000, dtype=np.float32
    )
    models = {
        "most frequent class": DummyClassifier(strategy="prior"),
        "TF-IDF and linear model": make_pipeline(
            characters,
            SGDClassifier("log_loss", alpha=3e-6, max_iter=10, tol=None, random_state=0),
        ),
    }
    classes = len(class_names(dataset.facts))
    texts, labels = read(dataset.train, dataset.facts, BASELINE_TEXTS)
    tested, truth = read(dataset.test, dataset.facts)
    found = {}
    for name, model in models.items():
        model.fit(texts, labels)
        answers = np.zeros((len(truth), classes))
        answers[:, model.classes_] = model.predict_proba(tested)
        found[name] = scores.measure(answers, truth)
    return found


def read(
    split: Split, facts: Mapping[str, Any], most: int | None = None
) -> tuple[list[str], np.ndarray]:
    """Read the texts of a split and their classes, or `most` of them, spread over it."""
    count = min(len(split), most or len(split))
    rows = split.rows(np.linspace(0, len(split) - 1, count).astype(int))
    return [reading.decode(codes, facts) for codes in rows["tokens"]], rows["target"]
