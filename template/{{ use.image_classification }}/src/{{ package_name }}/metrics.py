"""How good the answers are: NumPy in, numbers out."""

import numpy as np

SCORE = "accuracy"  # what the progress bar shows beside the loss


def evaluate(outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
    """Score probabilities [n, classes] against class numbers [n].

    Returns the accuracy (0 to 1) and the log loss (nats, the mean of -log p of the true class).
    """
    truth = outputs[np.arange(len(targets)), targets]
    return {
        "accuracy": float((outputs.argmax(1) == targets).mean()),
        "log_loss": float(np.log(1 / np.maximum(truth.astype(np.float64), 1e-12)).mean()),
    }


def quality(result: dict[str, float]) -> float:
    """Say with one number how good a result is; the checkpoint with the highest is the best."""
    return -result["log_loss"]


def agreement(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Return the share of rows, 0 to 1, in which two sets of outputs name the same class."""
    return float((ours.argmax(1) == theirs.argmax(1)).mean())


def confusion(outputs: np.ndarray, targets: np.ndarray, classes: int) -> np.ndarray:
    """Count answers: int64 [true class, answered class]."""
    table = np.zeros((classes, classes), np.int64)
    np.add.at(table, (targets, outputs.argmax(1)), 1)
    return table


def answers(outputs: np.ndarray, classes: tuple[str, ...]) -> list[dict[str, object]]:
    """Put probabilities [n, classes] into words: label, its probability, and all of them."""
    found: list[dict[str, object]] = []
    for row in outputs:
        each = [round(float(probability), 4) for probability in row]
        probabilities = dict(zip(classes, each, strict=True))
        label = classes[int(row.argmax())]
        found.append({"label": label, "probability": max(each), "probabilities": probabilities})
    return found
