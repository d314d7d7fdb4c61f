"""What a model of series is for, and what it cannot do."""

from collections.abc import Mapping
from typing import Any

from ..columns import Column
from ..config import Config
from ..histories import LEAST
from .formatting import number, percent

TEXAS = (
    "The sales are those that brokers reported in Texas from 2000 to 2015, with the slump of 2008 "
    "in the training part. They say nothing about other places or later years.",
)
BELOW = (
    "It forecasts values, not their logarithms: forecasts, and the low ends of intervals most of "
    "all, may be below 0 even where no value ever was.",
)
OWN = (
    "Nobody has checked here whether the values are right, and what changed how they were made.",
)


def intended_use(card: Mapping[str, Any]) -> list[str]:
    """Say what the model is for, and how forecasts without a network do."""
    facts, test, simple = card["facts"], card["test"], card["baselines"]
    value, frequency = facts["names"]["value"], facts["time"]["frequency"]
    found = [
        f"Forecasting the next {facts['horizon']} {frequency} values of {value} from the last "
        f"{facts['length']}, for series like those of the training table, also such as are new.",
        "Learning, and as a starting point. Test it on your own series before anyone relies on it.",
    ]
    if simple:
        best = min(simple, key=lambda name: float(simple[name]["mase"]))
        better = simple[best]["mase"] < test["mase"]
        found.append(
            f"{best[0].upper()}{best[1:]} is better here: MASE {number(simple[best]['mase'])} "
            f"against the network's {number(test['mase'])}. Unless something else speaks for a "
            "network, use the simpler forecast."
            if better
            else f"The network is at least as good here as simple forecasts: MASE "
            f"{number(test['mase'])} against {number(simple[best]['mase'])} ({best})."
        )
    return found


def limits(card: Mapping[str, Any], settings: Config) -> list[str]:
    """Say what the model cannot do, and what its figures do not tell."""
    facts = card["facts"]
    own = settings.data.source != "txhousing"
    return [
        f"It sees {facts['length']} steps and nothing before them. Missing values are filled in "
        f"straight lines; a series with less than {LEAST:.0%} of them gets no forecast.",
        "It knows no event that is in no column: what never happened before, it cannot foresee.",
        *of_columns(facts["columns"]),
        *(() if facts["log"] else BELOW),
        "The intervals hold eight of ten values where the future is like the validation part. On "
        f"the test part it was {percent(card['test']['coverage_80'])}; each step has its own "
        "interval, and all steps together stay inside less often.",
        "The test windows overlap, and series of one place or market move together: the results "
        "are less certain than their number of windows suggests.",
        "Errors are divided by those of repeating the last season in the training part. A series "
        "that never changed there has no MASE and is left out of it.",
        *(OWN if own else TEXAS),
    ]


def of_columns(columns: list[Column]) -> list[str]:
    """Say what the further columns must be."""
    if not columns:
        return []
    names = ", ".join(str(column["name"])[:24] for column in columns[:10])
    return [
        f"It takes {names} for known ahead: whoever asks must give their future values. If they "
        "are not known then, the results are too good."
    ]
