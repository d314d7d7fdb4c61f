"""What a report on image generation shows and says."""

from collections.abc import Mapping
from typing import Any

from ..config import Config
from ..dataset import Split
from ..metrics import REAL, draw_for, held_out, some
from ..signature import Predict, as_numbers
from .copies import copies_table, nearest_figure
from .elements import Figure, Table
from .formatting import percent
from .samples import classes_table, samples_figure

TOGETHER: dict[str, str] = {}
NOTES = {
    "frechet": "0 would be perfect. A validation draws few images, which raises it and makes the "
    "curve uneven: compare its points with each other.",
}


def headline(card: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return the results for the top of the page: what, how much, and a note."""
    test, real = card["test"], card["baselines"].get(REAL)
    accuracy, distance = "show what was asked for", "to real test images"
    if real:
        accuracy += f"; real images: {percent(real['judge_accuracy'])}"
        distance += f"; real training images: {real['frechet']:.3g}"
    return [
        ("judge accuracy", percent(test["judge_accuracy"]), accuracy),
        ("Fréchet distance", f"{test['frechet']:.3g}", distance),
        ("spread", percent(test["spread"]), "within a class, of that of real images"),
    ]


def results(model: Predict, split: Split, facts: Mapping[str, Any]) -> list[Figure | Table]:
    """Show images of each class, the nearest training images, and what the judge sees."""
    judge = held_out(split).judge
    rows = some(split, facts["judged_images"])
    drawn = draw_for(model, rows["labels"], facts)
    images, classes = as_numbers(rows["images"]), facts["classes"]
    said = judge.said(drawn)
    return [
        samples_figure(drawn, rows["labels"], classes),
        nearest_figure(drawn, rows["labels"], judge.examples[0], classes),
        copies_table(drawn, images, judge.examples[0]),
        classes_table(said, rows["labels"], classes),
    ]


def intended_use(card: Mapping[str, Any]) -> list[str]:
    """Say what the model is for, from its own images and classes."""
    height, width, channels = card["facts"]["shape"]
    kind = "grey" if channels == 1 else "colour"
    return [
        f"Drawing {kind} images of {width}×{height} pixels that look like its training images, for "
        f"each of {len(card['facts']['classes'])} classes.",
        "Learning, and as a starting point. Look at many of its images before anyone relies on it.",
    ]


def limits(card: Mapping[str, Any], settings: Config) -> list[str]:
    """Say what the model cannot do, and what its figures do not tell."""
    return [
        "It draws the classes that it has learned and no other, and it takes no words.",
        "The judge is a small classifier of the same images, and the Fréchet distance is measured "
        "in its numbers: neither can be compared with figures from elsewhere, nor between data.",
        "A judge can be right about an image that no person would take for a real one.",
        "More guidance makes images clearer and more alike: the judge's accuracy rises, and the "
        "spread falls.",
        "Images near to training images are shown here by the differences of their pixels. A copy "
        "that is moved or mirrored is not found in this way.",
        *(DIGITS_LIMITS if settings.data.source == "digits" else FOLDER_LIMITS),
    ]


DIGITS_LIMITS = (
    "The digits come from the test part of a collection of 1998, which 13 people wrote on paper "
    "forms: the images are in their hands.",
)
FOLDER_LIMITS = (
    "What is rare in the images is rarer in what is drawn, and a network can draw images that come "
    "close to some that it has learned from. Where they show people, or belong to somebody, that "
    "matters: nobody has checked here what they may be used for.",
)
