"""What a model of texts is for, and what it cannot do, from its own classes and split."""

from collections.abc import Mapping
from typing import Any

from .. import metrics
from ..config import Config
from ..data import class_names
from ..task import DataSettings
from .elements import plain
from .formatting import number, percent

FEW = 5  # classes that a sentence names

LANGUAGES = (
    "The sentences are those of one program's user interface, translated by volunteers: short, "
    "formal, and about forms, dates and databases. Letters, names and dialects are unlike them.",
    "It knows 24 languages. A text in another one gets one of these names, often with a high "
    "probability.",
    "A sentence and its translations are in one split, so that none is tested whose meaning was "
    "trained; single words are the same in several languages, and no answer is right for them.",
)
OWN = (
    "Nobody has checked here whether the labels are right, what the texts may be used for, and "
    "whom they are about. For decisions on people it needs more than this page.",
)
LIMITS = {"languages": LANGUAGES}


def intended_use(card: Mapping[str, Any]) -> list[str]:
    """Say what the model is for, and how simple models do."""
    facts = card["facts"]
    classes = [plain(name) for name in class_names(facts)]
    few = " or ".join([", ".join(classes[:-1]), classes[-1]])
    told = few if len(classes) <= FEW else f"{len(classes):,} classes"
    return [
        f"Telling “{plain(facts['label'])}” ({told}) from a text, for texts that were collected "
        "like the training texts.",
        "Learning, and as a starting point. Test it on your own texts before anyone relies on it.",
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
        return [
            f"“{plain(best)}” is better here: {metric} {told} against the network's {own}. Unless "
            "something else speaks for a network, use the simpler model."
        ]
    return [
        f"The network is at least as good here as the simple models: {metric} {own} against "
        f"{told} ({plain(best)})."
    ]


def limits(card: Mapping[str, Any], settings: Config) -> list[str]:
    """Say what the model cannot do, and what its results do not tell."""
    return [
        *of_reading(card["facts"]),
        *of_split(card, settings.data),
        *of_classes(settings),
        "The results cover neither wrong labels nor settings that were chosen by looking at this "
        "same test split.",
        *LIMITS.get(settings.data.source, OWN),
    ]


def of_reading(facts: Mapping[str, Any]) -> list[str]:
    """Say what the network sees of a text."""
    if about := facts.get("encoder"):
        found = [
            f"It began as the pretrained encoder {plain(about['name'])}. That encoder's licence "
            f"({plain(about['licence'])}) holds for this model as well, and what it was trained on "
            "can show in its mistakes."
        ]
        if facts["cut"]:
            found.append(
                f"Of a text it reads the first {facts['length']:,} tokens; "
                f"{percent(facts['cut'])} of these texts are longer."
            )
        return found
    found = [
        "It sees which runs of a few bytes a text has, and not their order: it knows spellings, "
        "but neither grammar nor what a sentence says as a whole."
    ]
    if facts["cut"]:
        found.append(
            f"Of a text it reads the first {facts['length']:,} bytes; {percent(facts['cut'])} of "
            "these texts are longer. A letter has one byte in English, two in Greek or Russian, "
            "and a Chinese character three."
        )
    return found


def of_split(card: Mapping[str, Any], settings: DataSettings) -> list[str]:
    """Say how the texts were divided, and what follows from it."""
    if settings.source in LIMITS:
        return []
    data = card["data"]
    share = percent(data["test"] / (data["train"] + data["validation"] + data["test"]))
    if settings.group_column:
        return [
            f"All texts with the same “{plain(settings.group_column)}” are in one split. The "
            "results hold for new ones; if there are few, they depend on which of them test."
        ]
    return [
        f"The texts were divided at random, copies together, and {share} of them test. Texts that "
        "belong together, such as those of one person or one thread, may be in several splits, "
        "which makes the results look better than they are on new ones. The setting group_column "
        "keeps them together."
    ]


def of_classes(settings: Config) -> list[str]:
    """Say what accuracy and probabilities do not tell."""
    found = [
        "It knows the classes that it has seen and no other. Its accuracy is an average: on a "
        "group of texts, even a large one, it may be much lower.",
        "The interval covers the luck of which texts were in the test split, and nothing else.",
    ]
    if settings.train.class_weights == "balanced":
        found.append(
            "In training rare classes counted as much as frequent ones, so their probabilities are "
            "higher than their share of the texts."
        )
    else:
        found.append(
            "The probabilities are for classes as frequent as in the training texts. Where they "
            "are not, the probabilities are off."
        )
    return found
