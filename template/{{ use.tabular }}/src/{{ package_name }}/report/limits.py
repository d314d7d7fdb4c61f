"""What a model of a table is for, and what it cannot do, from its own columns and split."""

from collections.abc import Mapping, Sequence
from typing import Any

from .. import metrics
from ..columns import FARTHEST
from ..config import Config
from ..data import class_names
from ..task import DataSettings
from .elements import plain
from .formatting import number, percent

MOST_NAMES = 10
FEW = 5  # classes that a sentence names
SUBJECTS = {
    "boosted trees": "Boosted trees are",
    "linear model": "A linear model is",
    metrics.CONSTANT: "The same answer for every row is",
}

TITANIC = (
    "The table is about the passengers of one ship in 1912, and who was let into its boats. That "
    "is history and no rule: it says nothing about a person today, and must not be used for "
    "decisions on people.",
)
DIAMONDS = (
    "The prices are US dollars of the time when the list was made, which the table does not say. "
    "It ends below 19,000 dollars and has round cuts only.",
    "Some of its lengths are 0 mm. Nobody has corrected them: they count as they are.",
)
OWN = (
    "Nobody has checked here whether the table is right, what it may be used for, and whom it "
    "describes. For decisions on people it needs more than this page.",
    "A column that is filled in after the target is known makes the results look better than they "
    "will be. Training names those that tell the target alone; look through the others.",
)
LIMITS = {"titanic": TITANIC, "diamonds": DIAMONDS}


def intended_use(card: Mapping[str, Any]) -> list[str]:
    """Say what the model is for, from its own columns and target, and how simple models do."""
    facts, target = card["facts"], f"“{plain(card['facts']['target']['name'])}”"
    if classes := [plain(name) for name in class_names(facts)]:
        few = " or ".join([", ".join(classes[:-1]), classes[-1]])
        what = f"Telling {target} ({few if len(classes) <= FEW else f'{len(classes):,} classes'})"
    else:
        what = f"Estimating {target}"
    return [
        f"{what} from {names([c['name'] for c in facts['columns']])}, for rows that were collected "
        "like the training rows.",
        "Learning, and as a starting point. Test it on your own rows before anyone relies on it.",
        *beside_baselines(card),
    ]


def beside_baselines(card: Mapping[str, Any]) -> list[str]:
    """Say whether a simple model does better in the metric that counts."""
    name, direction = metrics.monitor(card["facts"])
    if name not in card["test"] or not card["baselines"]:  # metrics.py has changed since
        return []
    sign = 1 if direction == "min" else -1
    found = {who: measured[name] for who, measured in card["baselines"].items()}
    best = min(found, key=lambda who: sign * found[who])
    told, own = number(found[best]), number(card["test"][name])
    metric = name.replace("_", " ")
    if sign * found[best] < sign * card["test"][name]:
        subject = SUBJECTS.get(best, f"“{plain(best)}” is")
        return [
            f"{subject} better here: {metric} {told} against the network's {own}. Unless something "
            "else speaks for a network, use the simpler model."
        ]
    return [
        f"The network is at least as good here as the simple models: {metric} {own} against "
        f"{told} ({plain(best)})."
    ]


def limits(card: Mapping[str, Any], settings: Config) -> list[str]:
    """Say what the model cannot do, and what its results do not tell."""
    facts = card["facts"]
    return [
        *of_columns(facts),
        of_split(card, settings.data),
        *of_rows(facts),
        *(of_classes(settings) if class_names(facts) else of_values(facts)),
        "The results cover neither wrong values in the table nor settings that were chosen by "
        "looking at this same test split.",
        *LIMITS.get(settings.data.source, OWN),
    ]


def of_columns(facts: Mapping[str, Any]) -> list[str]:
    """Say what the network does not see of a row."""
    kinds = {"category" if c["kind"] == "category" else "number" for c in facts["columns"]}
    found = []
    if "category" in kinds:
        found.append(
            "A category that fewer than two training rows have counts as unknown, and so does a "
            "missing one: whatever it is, the answer is the same."
        )
    if "number" in kinds:
        found.append(
            f"A number farther than {FARTHEST:g} standard deviations from the training rows' mean "
            "counts as just that far, and a missing one as their median: the network does not "
            "extrapolate."
        )
    if facts["left_out"]:
        found.append(f"Left out, so that it cannot count: {names(list(facts['left_out']))}.")
    return found


def of_split(card: Mapping[str, Any], settings: DataSettings) -> str:
    """Say how the rows were divided, and what follows from it."""
    data = card["data"]
    share = percent(data["test"] / (data["train"] + data["validation"] + data["test"]))
    if settings.time_column:
        return (
            f"The test rows are the last {share} by “{plain(settings.time_column)}”. The results "
            "are those of that time; of rows that are farther from the training they tell less."
        )
    if settings.group_column:
        return (
            f"All rows with the same “{plain(settings.group_column)}” are in one split. The "
            "results hold for new ones; if there are few, they depend on which of them test."
        )
    return (
        f"The rows were divided at random, and {share} of them test. Rows that belong together, "
        "such as those of one person or one day, may be in several splits, which makes the results "
        "look better than they are on new ones. The settings group_column and time_column divide "
        "otherwise."
    )


def of_rows(facts: Mapping[str, Any]) -> list[str]:
    """Say that there are copies of rows."""
    again = facts["duplicates"]
    if not again:
        return []
    are = "rows equal" if again > 1 else "row equals"
    return [
        f"{again:,} {are} an earlier one in every column, but for names of rows. Copies may be in "
        "several splits, which makes the results look better than they are."
    ]


def of_classes(settings: Config) -> list[str]:
    """Say what accuracy and probabilities do not tell."""
    found = [
        "It knows the classes that it has seen and no other. Its accuracy is an average: on a "
        "group of rows, even a large one, it may be much lower.",
        "The interval covers the luck of which rows were in the test split, and nothing else.",
    ]
    if settings.train.class_weights == "balanced":
        found.append(
            "In training rare classes counted as much as frequent ones, so their probabilities are "
            "higher than their share of the rows."
        )
    else:
        found.append(
            "The probabilities are for classes as frequent as in the training rows. Where they are "
            "not, the probabilities are off."
        )
    return found


def of_values(facts: Mapping[str, Any]) -> list[str]:
    """Say what an answer of a value is not."""
    found = ["An answer comes without an interval; how far off it may be is in the figures above."]
    if facts["target"]["log"]:
        found.append(
            f"The network learned the logarithm of “{plain(facts['target']['name'])}”: errors "
            "count relative to the value, and answers are nearer to the median than to the mean."
        )
    return found


def names(found: Sequence[str]) -> str:
    """List columns, or say how many where they are too many."""
    if len(found) > MOST_NAMES:
        return f"{len(found):,} columns"
    shown = [f"“{plain(name)}”" for name in found]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
