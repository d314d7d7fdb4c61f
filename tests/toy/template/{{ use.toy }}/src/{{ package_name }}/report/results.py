"""What a report on deliveries shows and says."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Canvas

from ..config import Config
from ..data import signature
from ..dataset import Split, iterate
from ..signature import Predict
from .elements import Figure, Table, Theme, figure
from .formatting import number, percent

TOGETHER: dict[str, str] = {}
NOTES = {"rmse": "The root mean square error of the price; only validation measures it."}


def headline(card: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return the results for the top of the page: what, how much, and a note."""
    test = card["test"]
    return [
        ("error of the price", number(test["rmse"]), "root mean square"),
        ("express", percent(test["express"]), "of the answers are right"),
    ]


def results(model: Predict, split: Split, facts: Mapping[str, Any]) -> list[Figure | Table]:
    """Show how far the answered prices are from the true ones."""
    parts = [
        (batch["price"][:, 0], model(batch)["price"][:, 0])
        for batch in iterate(split, signature(facts))
    ]
    true, answered = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    residuals = answered - true

    def paint(canvas: Canvas, theme: Theme) -> None:
        axes = canvas.subplots()
        axes.axhline(0, color=theme.muted, linewidth=1, linestyle="--")
        axes.scatter(true, residuals, s=8, color=theme.blue)
        axes.set(xlabel="true price", ylabel="answer less true price")

    middle, largest = number(float(residuals.mean())), number(float(np.abs(residuals).max()))
    caption = f"The mean of the differences is {middle}, the largest is {largest}."
    return [figure("residuals", "Errors of the price", caption, caption, paint, (6.4, 3.6))]


def intended_use(card: Mapping[str, Any]) -> list[str]:
    """Say what the model is for."""
    return ["Trying out this project: the deliveries are made up."]


def limits(card: Mapping[str, Any], settings: Config) -> list[str]:
    """Say what the model cannot do."""
    return [
        "It knows distances up to 50 kilometres and weights up to 20 kilograms.",
        f"Prices come with noise of {settings.data.noise:g}, which no model can foresee.",
    ]
