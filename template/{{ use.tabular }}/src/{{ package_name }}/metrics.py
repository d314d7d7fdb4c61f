"""How good the answers are: NumPy in, numbers out."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from . import scores
from .columns import number_columns, sizes
from .config import Config
from .data import class_names, signature
from .dataset import Dataset, Split, iterate
from .signature import Batch, Predict
from .task import TrainSettings

TREE_CATEGORIES = 255  # the most that scikit-learn's trees take as categories; others are numbers
CONSTANT = "constant"  # the baseline that gives every row the same answer
GUESSES = (CONSTANT,)  # baselines that do not look at a row: a network has to be better
BASELINE_ROWS = 200_000  # that simple models learn from at most: they are there in a minute

Figures = dict[str, float]


def evaluate(model: Predict, split: Split, settings: Config, facts: Mapping[str, Any]) -> Figures:
    """Measure a model on a split, which is read a piece at a time.

    Of classes, returns accuracy and macro_f1 (0 to 1), log_loss (nats) and, of two classes,
    roc_auc; of values, rmse and mae in the target's unit, and r2.
    """
    answers, truth = collect(model, split, facts)
    return measure(answers, truth, bool(class_names(facts)))


def collect(
    model: Predict, split: Split, facts: Mapping[str, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """Let the model answer for a split: probabilities [n, classes] or values [n, 1], and truths."""
    about = signature(facts)
    parts = [
        (model(batch)[about.outputs[0].name], batch["target"]) for batch in iterate(split, about)
    ]
    answers, truth = (np.concatenate(part) for part in zip(*parts, strict=True))
    return answers, truth


def measure(answers: np.ndarray, truth: np.ndarray, classes: bool) -> Figures:
    """Compare answers with the truth."""
    if not classes:
        errors = answers.astype(np.float64) - truth
        spread = float(np.square(truth - truth.mean(dtype=np.float64)).mean())
        squared = float(np.square(errors).mean())
        r2 = 1 - squared / spread if spread else 0.0
        return {"rmse": squared**0.5, "mae": float(np.abs(errors).mean()), "r2": r2}
    found = scores.measure(answers, truth)
    if answers.shape[1] == 2:
        found["roc_auc"] = roc_auc(answers[:, 1], truth == 1)
    return found


def roc_auc(scores: np.ndarray, positive: np.ndarray) -> float:
    """Return the share of pairs, one positive and one not, in which the positive scores higher.

    Equal scores count half (Mann and Whitney, 1947); those that differ by no more than the rounding
    of another runtime are equal. It is 0.5 where one side is empty.
    """
    _, places, counts = np.unique(scores.round(5), return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]
    n, m = int(positive.sum()), int((~positive).sum())
    if not n or not m:
        return 0.5
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * m))


def monitor(facts: Mapping[str, Any]) -> tuple[str, str]:
    """Name the metric that decides which checkpoint is the best, and where it is better."""
    return ("log_loss" if class_names(facts) else "rmse"), "min"


def judged_by(settings: TrainSettings, facts: Mapping[str, Any]) -> tuple[str, str]:
    """Name the metric of the verdict: `class_weights` move the probabilities of `monitor`'s."""
    weighted = settings.class_weights == "balanced" and class_names(facts)
    return ("macro_f1", "max") if weighted else monitor(facts)


def degradation(trained: Figures, found: Figures) -> float:
    """Say how much worse an exported model is: accuracy lost, or the share of r2 lost, 0 to 1."""
    name = "accuracy" if "accuracy" in trained else "r2"
    return trained[name] - found[name]


def remarks(
    test: Mapping[str, float],
    baselines: Mapping[str, Mapping[str, float]],
    facts: Mapping[str, Any],
) -> list[str]:
    """Say what is to be said about results, beside what is said of every task's."""
    return scores.unbalanced(test, facts["target"].get("counts", ()))


def baselines(dataset: Dataset) -> dict[str, Figures]:
    """Measure boosted trees and a linear model on the same split, from the same columns.

    And, to hold all of them against, the training rows' shares of the classes, or their mean, as
    the answer for every row.
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.dummy import DummyClassifier, DummyRegressor
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    columns = dataset.facts["columns"]
    classes = len(class_names(dataset.facts))
    n, codes = len(number_columns(columns)), sizes(columns)
    categorical = [False] * n + [size <= TREE_CATEGORIES for size in codes]
    trees = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    scaled = [
        ("numbers", StandardScaler(), slice(0, n)),
        ("codes", OneHotEncoder(handle_unknown="ignore"), slice(n, n + len(codes))),
    ]
    scaled = [part for part in scaled if part[2].start < part[2].stop]  # a table may lack one
    models = {
        "boosted trees": trees(random_state=0, categorical_features=categorical),
        "linear model": make_pipeline(
            ColumnTransformer(scaled), LogisticRegression(max_iter=1000) if classes else Ridge()
        ),
        CONSTANT: DummyClassifier(strategy="prior") if classes else DummyRegressor(),
    }
    train, test = whole(dataset.train, BASELINE_ROWS), whole(dataset.test)
    found = {}
    for name, model in models.items():
        model.fit(features(train), train["target"].ravel())
        if classes:
            answers = np.zeros((len(test["target"]), classes))
            answers[:, model.classes_] = model.predict_proba(features(test))
        else:
            answers = model.predict(features(test))[:, None]
        found[name] = measure(answers, test["target"], bool(classes))
    return found


def features(batch: Batch) -> np.ndarray:
    """Put numbers and codes side by side: float64 [n, columns]."""
    parts = [batch[name] for name in ("numbers", "codes") if name in batch]
    return np.concatenate(parts, axis=1).astype(np.float64)


def whole(split: Split, most: int | None = None) -> Batch:
    """Read a split at once, or `most` rows spread over it."""
    rows = min(len(split), most or len(split))
    return split.rows(np.linspace(0, len(split) - 1, rows).astype(int))
