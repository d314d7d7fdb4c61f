"""What a training has come to, in sentences: what went wrong, if anything did, and what to try."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from . import metrics
from .settings import TrainSettings

Record = Mapping[str, Any]

RISEN = 1.5  # times the loss of the beginning
MARGIN = 0.02  # share of such a baseline's figure by which a network has to be better
# Baselines that answer without looking, in tasks that name them; elsewhere it is the worst one.
GUESSES: tuple[str, ...] = getattr(metrics, "GUESSES", ())
# Baselines that are no answers but what answers are held against, in tasks that have such.
REFERENCES: tuple[str, ...] = getattr(metrics, "REFERENCES", ())
# Tasks whose settings make another metric than the monitored one tell what a training has come to.
JUDGED_BY: Callable[[Any, Record], tuple[str, str]] = getattr(
    metrics, "judged_by", lambda _, facts: metrics.monitor(facts)
)
LEARNT = 0.5  # times the loss of the beginning, below which the training rows were learnt
WORSE, LOST = 0.1, 0.2  # shares of the best validation, and of what was gained until then


def judge(
    test: Mapping[str, float],
    baselines: Mapping[str, Mapping[str, float]],
    records: Sequence[Record],
    settings: TrainSettings,
    facts: Mapping[str, Any],
) -> list[str]:
    """Look at the results and at the lines of metrics.jsonl; nothing to say is an empty list."""
    name, direction = JUDGED_BY(settings, facts)
    sign = 1 if direction == "max" else -1
    found = [
        *diverged(records),
        *(guessing(name, sign, test, baselines, records) or beaten(name, sign, test, baselines)),
        *overfitted(name, sign, records, settings),
    ]
    if not settings.baselines:
        found.append("nobody knows whether it is better than guessing: there are no baselines")
    return found + metrics.remarks(test, baselines, facts)


def diverged(records: Sequence[Record]) -> list[str]:
    """Say so where the training made the loss larger."""
    losses = [record["loss"] for record in records if record["split"] == "train"]
    if len(losses) < 2 or losses[-1] <= RISEN * losses[0] or losses[0] <= 0:
        return []
    return [
        f"diverged: the training loss rose from {losses[0]:.3g} to {losses[-1]:.3g};"
        " try a lower --learning-rate, or --clip-norm 1"
    ]


def guessing(
    name: str,
    sign: int,
    test: Mapping[str, float],
    baselines: Mapping[str, Mapping[str, float]],
    records: Sequence[Record],
) -> list[str]:
    """Say so where a baseline that does not look, or else the worst one, is as good."""
    if not baselines:
        return []
    blind = [who for who in GUESSES if who in baselines]
    worst = min(blind or baselines, key=lambda who: sign * baselines[who][name])
    gained = sign * (test[name] - baselines[worst][name])
    if gained > MARGIN * abs(baselines[worst][name]):
        return []
    losses = [record["loss"] for record in records if record["split"] == "train"]
    advice = "try another --learning-rate, or train for longer"
    if len(losses) > 1 and losses[-1] < LEARNT * losses[0]:
        advice = (
            f"the training loss fell from {losses[0]:.3g} to {losses[-1]:.3g} all the same, so it"
            " knows the training rows by heart: try more data, more of their variety, or a smaller"
            " or a pretrained network"
        )
    return [
        f"no better than guessing: {name} is {test[name]:.3g}, and {baselines[worst][name]:.3g} for"
        f" the baseline {worst!r}; look at the data as the network gets them; {advice}"
    ]


def beaten(
    name: str, sign: int, test: Mapping[str, float], baselines: Mapping[str, Mapping[str, float]]
) -> list[str]:
    """Name the baselines that are better."""
    better = [
        f"{found[name]:.3g} for {who!r}"
        for who, found in baselines.items()
        if who not in REFERENCES and sign * found[name] > sign * test[name]
    ]
    if not better:
        return []
    which = "a baseline is" if len(better) == 1 else "baselines are"
    return [f"{which} better: {name} is {test[name]:.3g}, and {', '.join(better)}"]


def overfitted(
    name: str, sign: int, records: Sequence[Record], settings: TrainSettings
) -> list[str]:
    """Say so where the validation was best long before the end, and the training went on.

    Also where the model has the weights of that step: what came after it was for nothing.
    """
    checked = [record for record in records if record["split"] == "validation"]
    if len(checked) < 2:
        return []
    best = max(checked, key=lambda record: sign * record[name])
    gained = sign * (best[name] - checked[0][name])
    lost = sign * (best[name] - checked[-1][name])
    late = checked.index(best) >= 0.75 * len(checked)
    if late or lost < WORSE * abs(best[name]) or lost <= LOST * gained:
        return []
    advice = "try --final-weights best, --patience, more data, or a smaller network"
    if settings.final_weights == "best":
        advice = (
            f"the model has the weights of step {best['step']}; try fewer steps, more data, or a"
            " smaller network"
        )
    return [
        f"overfitted: the validation's {name} was best at step {best['step']} ({best[name]:.3g})"
        f" and is {checked[-1][name]:.3g} at the end; {advice}"
    ]
