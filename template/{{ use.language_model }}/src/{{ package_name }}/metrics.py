"""How good a language model is: NumPy in, numbers out."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from .config import Config
from .data import signature
from .dataset import ArraySplit, Dataset, Split, iterate
from .errors import UserError
from .generation import Options, generator, trim
from .packing import NOTHING
from .signature import Batch, Predict

Figures = dict[str, float]

ASKED = 100  # questions whose answers are compared with the known ones
LARGEST = 700.0  # a loss whose perplexity is still a number


def evaluate(model: Predict, split: Split, settings: Config, facts: Mapping[str, Any]) -> Figures:
    """Measure a model on the answers of a split.

    Returns `loss`, nats per token of an answer, and `perplexity`, its exponential; where answers
    are compared, `exact_match` too, the share (0 to 1) of at most 100 known answers, evenly spread
    over the split, that are generated to the last token. UserError for a split without chats.
    """
    if not len(split):
        raise UserError("there are no chats to measure the model on")
    total, count = 0.0, 0
    form = signature(facts)
    for batch in iterate(split, form):
        found = model(form.only_inputs(batch))["log_probabilities"]
        total -= float((found * batch["learnt"]).sum(dtype=np.float64))
        count += int(batch["learnt"].sum())
    loss = total / max(count, 1)
    figures = {"loss": loss, "perplexity": math.exp(min(loss, LARGEST))}
    if facts["exact_match"]:
        rows = asked(split)
        answers = answers_to(model, rows, facts)
        hits = [found == known for found, known in zip(answers, known_answers(rows), strict=True)]
        figures["exact_match"] = float(np.mean(hits))
    return figures


def asked(split: Split, most: int = ASKED) -> Batch:
    """Read some rows of a split, evenly spread, whose last answer is known."""
    rows = split.rows(np.linspace(0, len(split) - 1, min(len(split), most)).astype(int))
    chats = rows["prompts"][:, 0] > 0
    return {name: array[chats] for name, array in rows.items()}


def answers_to(model: Predict, rows: Batch, facts: Mapping[str, Any]) -> list[list[int]]:
    """Generate the last answer of each chat anew: its tokens, without the stop token."""
    ends = rows["prompts"][:, 0]
    prompts = [trim(row, end) for row, end in zip(rows["tokens"], ends, strict=True)]
    return generator(model).generate(prompts, Options(facts["new_tokens"])) if prompts else []


def known_answers(rows: Batch) -> list[list[int]]:
    """Return the tokens of each chat's last answer, without the stop token."""
    found = []
    for tokens, learnt, start in zip(
        rows["tokens"], rows["learnt"], rows["prompts"][:, 0], strict=True
    ):
        answer = [int(token) for token in tokens[start:][learnt[start:]]]
        found.append(answer[:-1])
    return found


def monitor(facts: Mapping[str, Any]) -> tuple[str, str]:
    """Name the metric that decides which checkpoint is the best, and where it is better."""
    return "loss", "min"


def degradation(trained: Figures, found: Figures) -> float:
    """Say how much worse an exported model is than the trained one.

    It is the share by which its perplexity is higher, or the share of exact answers that it has
    lost, whichever is more.
    """
    higher = found["perplexity"] / trained["perplexity"] - 1
    return max(higher, trained.get("exact_match", 0.0) - found.get("exact_match", 0.0))


def remarks(
    test: Mapping[str, float],
    baselines: Mapping[str, Mapping[str, float]],
    facts: Mapping[str, Any],
) -> list[str]:
    """Say what is to be said about results, beside what is said of every task's."""
    if test.get("exact_match", 1.0) >= 0.5:
        return []
    return [
        f"{test['exact_match']:.0%} of the answers are the known ones; look at the answers in the"
        " report, and try more data, or more --epochs while the validation loss still falls"
    ]


def baselines(dataset: Dataset) -> dict[str, Figures]:
    """Say what is reached without looking at the question: by how frequent each token is."""
    counts = np.ones(dataset.facts["vocabulary"])
    train = dataset.train
    size = 4096
    for first in range(0, len(train), size):
        targets = train.rows(np.arange(first, min(first + size, len(train))))["targets"]
        counts += np.bincount(targets[targets != NOTHING], minlength=len(counts))
    logs = np.log(counts / counts.sum())
    assert isinstance(dataset.test, ArraySplit)
    rows = dataset.test.arrays
    loss = -float(logs[rows["tokens"][rows["learnt"]]].mean())
    found = {"loss": loss, "perplexity": math.exp(min(loss, LARGEST))}
    if dataset.facts["exact_match"]:
        found["exact_match"] = 0.0
    return {"frequencies": found}
