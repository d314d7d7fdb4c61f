"""How much the network needs each column: answers get worse when its values are shuffled."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Canvas

from .. import metrics
from ..data import class_names, signature
from ..dataset import Split
from ..signature import Batch, Predict
from .elements import Figure, Theme, figure, short
from .formatting import number
from .rows import places

MOST_ROWS = 2000
FEWEST_ROWS = 200
REPEATS = 5
ANSWERS = 2_000_000  # rows that the model answers for, about; with many columns each gets fewer
MOST_BARS = 20
SEED = 0


@dataclass(frozen=True)
class Importance:
    """How much worse the metric that counts gets when a column tells nothing."""

    rows: int
    """of the test split that were answered for"""
    metric: str
    base: float
    """the metric of these rows as they are"""
    losses: np.ndarray
    """[columns, REPEATS], above 0 where the metric got worse"""

    @property
    def order(self) -> list[int]:
        """The columns, the most important first."""
        order: list[int] = np.argsort(-self.losses.mean(1), kind="stable").tolist()
        return order


def measure(model: Predict, split: Split, facts: Mapping[str, Any]) -> Importance:
    """Shuffle one column after the other, and measure each time.

    A number is shuffled together with the flag that says where it is missing. Source: L. Breiman
    (2001), Random Forests, Machine Learning 45:5-32.
    """
    where = places(facts["columns"])
    fair = ANSWERS // (REPEATS * len(where))
    batch = metrics.whole(split, min(MOST_ROWS, max(fair, FEWEST_ROWS)))
    name, direction = metrics.monitor(facts)
    sign = 1 if direction == "min" else -1
    output, classes = signature(facts).outputs[0].name, bool(class_names(facts))

    def score(inputs: Batch) -> float:
        return metrics.measure(model(inputs)[output], batch["target"], classes)[name]

    base = score(batch)
    rng, rows = np.random.default_rng(SEED), len(batch["target"])
    losses = np.zeros((len(where), REPEATS))
    for column, inputs in enumerate(where):
        for repeat in range(REPEATS):
            shuffled = shuffle(batch, inputs, rng.permutation(rows))
            losses[column, repeat] = sign * (score(shuffled) - base)
    return Importance(rows, name.replace("_", " "), base, losses)


def shuffle(batch: Batch, inputs: list[tuple[str, int]], order: np.ndarray) -> Batch:
    """Give the rows each other's values of one column, in all its places."""
    found = dict(batch)
    for name, place in inputs:
        found[name] = found[name].copy()
        found[name][:, place] = found[name][order, place]
    return found


def importance_figure(found: Importance, facts: Mapping[str, Any]) -> Figure:
    """Draw a bar for each column, the most important first."""
    order = found.order[:MOST_BARS]
    names = [facts["columns"][place]["name"] for place in order]
    losses = found.losses[order]
    means = losses.mean(1)
    spread = np.stack([means - losses.min(1), losses.max(1) - means])

    def paint(canvas: Canvas, theme: Theme) -> None:
        axes = canvas.subplots()
        at = np.arange(len(names))
        axes.barh(at, means, 0.65, color=theme.blue)
        axes.errorbar(means, at, xerr=spread, fmt="none", ecolor=theme.ink, elinewidth=1, capsize=3)
        axes.axvline(0, color=theme.muted, linewidth=0.8)
        axes.set_yticks(at, [short(name, 22) for name in names])
        axes.tick_params(axis="y", length=0)
        axes.grid(visible=False, axis="y")
        axes.set(ylim=(len(names) - 0.5, -0.5), xlabel=f"the {found.metric} gets worse by")

    left = len(facts["columns"]) - len(order)
    caption = (
        f"On {found.rows:,} test rows the {found.metric} is {number(found.base)}. A bar says how "
        "much worse it gets when the values of one column are shuffled among the rows, so that "
        f"they tell nothing: the mean of {REPEATS} shuffles, and a line from the lowest to the "
        "highest. A short bar means that the network does not use the column, or that others tell "
        "the same. This is what the network uses, not what causes the target."
        + (f" {left:,} more columns count less." if left else "")
    )
    alt = "; ".join(
        f"{short(name, 40)} {number(mean)}" for name, mean in zip(names, means, strict=True)
    )
    size = (5.0, 0.9 + 0.26 * len(names))
    return figure("importance", "What the network uses", caption, f"{alt}.", paint, size)
