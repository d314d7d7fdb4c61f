"""What a report on a language model shows and says."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Canvas

from .. import bases
from ..config import Config
from ..data import signature
from ..dataset import Split, iterate
from ..generation import trim
from ..metrics import answers_to, known_answers
from ..signature import Predict
from .elements import Figure, Table, Theme, figure, plain
from .formatting import interval, percent

TOGETHER = {"perplexity": "perplexity"}
NOTES: dict[str, str] = {"perplexity": "The exponential of the loss; 1 would be perfect."}
SHOWN, LONGEST = 24, 160  # answers in the table, and characters of each cell
BINS = 40


def headline(card: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return the results for the top of the page: what, how much, and a note."""
    test = card["test"]
    speed = card["samples_per_second"] * card["facts"]["row"]
    guess = card["baselines"].get("frequencies")
    note = f"by token frequencies: {guess['perplexity']:.3g}" if guess else ""
    found = [
        ("test perplexity", f"{test['perplexity']:.4g}", note),
        ("speed", f"{speed:,.0f}", "tokens per second of training, those that fill rows included"),
    ]
    if "exact_match" in test:
        n = min(card["data"]["test"], 100)
        note = f"of {n} answers; 95 % interval: {interval(round(test['exact_match'] * n), n)}"
        found.insert(0, ("exact answers", percent(test["exact_match"]), note))
    return found


def results(model: Predict, split: Split, facts: Mapping[str, Any]) -> list[Figure | Table]:
    """Show answers beside the known ones, and how probable the known ones were."""
    return [probability_figure(model, split, facts), answers_table(model, split, facts)]


def probability_figure(model: Predict, split: Split, facts: Mapping[str, Any]) -> Figure:
    """Draw how probable the model found the tokens of the known answers."""
    form, parts = signature(facts), []
    for batch in iterate(split, form):
        logs = model(form.only_inputs(batch))["log_probabilities"]
        parts.append(logs[batch["learnt"]])
    found = np.exp(np.concatenate(parts))
    counts, edges = np.histogram(found, BINS, (0, 1))

    def paint(canvas: Canvas, theme: Theme) -> None:
        axes = canvas.subplots()
        axes.bar(edges[:-1], counts, width=1 / BINS, align="edge", color=theme.blue)
        axes.set_yscale("symlog")
        axes.yaxis.set_major_formatter("{x:,.0f}")
        axes.set_xlabel("probability of the known token")
        axes.set_ylabel("tokens")

    sure = percent(float((found > 0.5).mean()))
    caption = (
        f"How probable the model found each of the {len(found):,} tokens of the test split's "
        f"answers; {sure} of them had more than a half."
    )
    return figure("probabilities", "Known answers", caption, caption, paint, (7.2, 2.4))


def answers_table(model: Predict, split: Split, facts: Mapping[str, Any]) -> Table:
    """Put generated answers beside the known ones, wrong ones first."""
    rows = split.rows(np.arange(min(SHOWN, len(split))))
    rows = {name: array[rows["prompts"][:, 0] > 0] for name, array in rows.items()}
    tokenizer = bases.tokenizer_of(facts)
    questions = {tuple(case["tokens"]): case["messages"][-1]["content"] for case in facts["cases"]}

    def text(tokens: list[int]) -> str:
        return plain(str(tokenizer.decode(tokens, skip_special_tokens=True)), LONGEST)

    found, known = answers_to(model, rows, facts), known_answers(rows)
    prompts = []
    for row, end in zip(rows["tokens"], rows["prompts"][:, 0], strict=True):
        tokens = trim(row, end)
        asked = questions.get(tuple(tokens))
        prompts.append(text(tokens) if asked is None else plain(asked, LONGEST))
    lines = [
        (prompt, text(right), text(answer), "equal" if answer == right else "different")
        for prompt, right, answer in zip(prompts, known, found, strict=True)
    ]
    lines.sort(key=lambda line: line[3] == "equal")
    note = (
        f"The first {len(lines)} chats of the test split, answered with the most probable token "
        "each time. An answer in other words may be as good as the known one."
    )
    head = ("question", "known answer", "generated", "")
    return Table("Answers", head, lines, note)


def intended_use(card: Mapping[str, Any]) -> list[str]:
    """Say what the model is for."""
    facts = card["facts"]
    base = facts["base_name"]
    return [
        f"Answering as the chats of its training do; it starts from {base}."
        if base
        else "Learning, and as a starting point: a small model with new weights, which knows what "
        "its own chats show and nothing else.",
        f"Chats of at most {facts['length']:,} tokens, as in its training.",
    ]


def limits(card: Mapping[str, Any], settings: Config) -> list[str]:
    """Say what the model cannot do, and what its figures do not tell."""
    found = [
        "It answers everything, also what it knows nothing about, and in the same tone.",
        "Loss and perplexity depend on the tokenizer: they cannot be compared between bases.",
        "What the training's chats have of people, secrets or prejudice, answers may have, too.",
    ]
    if card["facts"]["base_name"]:
        found.append("What its base has learnt, and under which terms, its own card says.")
    if settings.data.source == "dates":
        found.append("The dates are of 1950 to 2049, in eight ways of English to write them.")
    return found
