"""What a report on image classification shows and says."""

from collections.abc import Mapping
from typing import Any

from ..config import Config
from ..data import signature
from ..dataset import Split
from ..signature import Predict
from ..task import ModelSettings
from .classes import Answers, calibration_figure, class_table, confusion, confusion_figure
from .classes import collect as collect_answers
from .elements import Figure, Table
from .figures import mistakes_figure
from .formatting import interval, percent

TOGETHER = {"log_loss": "loss"}  # it is the training's loss without label smoothing
NOTES = {
    "loss": "Training counts augmented images and label smoothing in, where they are on; "
    "validation does not, so its curve may lie below.",
}


def headline(card: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return the results for the top of the page: what, how much, and a note."""
    n, test = card["data"]["test"], card["test"]
    hits = round(test["accuracy"] * n)
    return [
        ("test accuracy", percent(test["accuracy"]), f"95 % interval: {interval(hits, n)}"),
        ("test log loss", f"{test['log_loss']:.4f}", "nats; 0 is perfect"),
    ]


def results(model: Predict, split: Split, facts: Mapping[str, Any]) -> list[Figure | Table]:
    """Show the mistakes, which classes are taken for which, and what the probabilities are worth.

    Images are read twice: all of them a piece at a time, and then the few that are shown.
    """
    classes = facts["classes"]
    answers = collect(model, split, facts)
    counts = confusion(answers, len(classes))
    return [
        mistakes_figure(answers, split, classes),
        confusion_figure(counts, classes),
        calibration_figure(answers, "images"),
        class_table(counts, classes),
    ]


def collect(model: Predict, split: Split, facts: Mapping[str, Any]) -> Answers:
    """Let the model answer for a split."""
    return collect_answers(model, split, signature(facts), "labels")


def intended_use(card: Mapping[str, Any]) -> list[str]:
    """Say what the model is for, from its own images and classes."""
    height, width, channels = card["facts"]["shape"]
    kind = "grey" if channels == 1 else "colour"
    return [
        f"Telling apart {len(card['facts']['classes'])} classes of {kind} images, "
        f"{width}×{height} pixels, that were taken and prepared like the training images.",
        "Learning, and as a starting point. Test it on your own images before anyone relies on it.",
    ]


def limits(card: Mapping[str, Any], settings: Config) -> list[str]:
    """Say what the model cannot do, and what its accuracy does not tell."""
    height, width, _ = card["facts"]["shape"]
    return [
        "It knows the classes that it has seen and no other: whatever an image shows, one of them "
        "is the answer, now and then with a high probability.",
        f"Of every image the middle is kept, as a square, and reduced to {width}×{height} pixels. "
        "What lies outside, or cannot be seen at that size, cannot count.",
        "The accuracy is an average over the test split. It does not tell how the model fares on "
        "images from another source, in another light, or on groups that no label tells apart.",
        "The interval covers the luck of which images were in the test split. It covers neither "
        "wrong labels nor settings that were chosen by looking at this same split.",
        *(DIGITS_LIMITS if settings.data.source == "digits" else FOLDER_LIMITS),
        *backbone_limits(settings.model),
    ]


def backbone_limits(model: ModelSettings) -> list[str]:
    """Say what comes along with a pretrained network; nothing where the network was new."""
    if not model.backbone:
        return []
    source = model.backbone_weights or "its publisher"
    return [
        f"It started from the pretrained network {model.backbone}, with weights from {source}. "
        "Their licence holds for this model as well, and what they were trained on can show in "
        "its mistakes."
    ]


DIGITS_LIMITS = (
    "The digits come from the test part of a collection of 1998, which 13 people wrote on paper "
    "forms. Nothing says who wrote which, so every writer may be on both sides of the split: "
    "expect less on new writers, other pens, photographs and numerals of other regions.",
)
FOLDER_LIMITS = (
    "Where the folder gives no splits of its own, the images were divided at random. Near copies "
    "on both sides of the split, such as frames of one video or several shots of one object, make "
    "the accuracy look better than it is, unless `group` keeps them together.",
    "The names of the folders were taken as the truth, and nobody has checked here what the "
    "images may be used for and whom they show.",
)
