"""Series: the histories in CSV files as the model's inputs, and its forecasts in words.

The server takes tensors. What makes them of a history, such as its length, is in the artifact's
manifest.json. `columns.py`, `delimited.py` and `times.py` are the same here and in the package, and
so are `series.py` and `histories.py` but for their imports: copy them when you change them there.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import delimited
import histories
import numpy as np
import times


def read(
    file: Path, facts: Mapping[str, Any], model: Any
) -> tuple[list[str], dict[str, np.ndarray]]:
    """Read the series of a file: a name for each, the model's inputs, and the `times` to come.

    Raises OSError when it is no CSV or has no history.
    """
    try:
        table = delimited.parse(file.read_bytes().decode("utf-8-sig"))
        batch, notes = histories.read(table, facts)
    except UnicodeDecodeError:
        raise OSError(f"{file} is not UTF-8; save it as a CSV in UTF-8") from None
    except ValueError as error:
        raise OSError(f"{file}: {error}") from error
    for note in notes:
        print(printable(f"note: {file}: {note}"), file=sys.stderr)
    names = [printable(str(name)) for name in batch.pop("series")]
    return names, batch | {"times": coming(batch.pop("end"), facts)}


def coming(ends: np.ndarray, facts: Mapping[str, Any]) -> np.ndarray:
    """Write the times to forecast of each series, text [n, horizon]."""
    frequency, steps = facts["time"]["frequency"], range(1, facts["horizon"] + 1)
    return np.array(
        [
            [times.write(times.later(end, step, frequency), frequency) for step in steps]
            for end in ends.tolist()
        ]
    )


def answers(outputs: Mapping[str, np.ndarray], described: Sequence[Mapping[str, Any]]) -> list[str]:
    """Write the forecast of each series: when, the median, and the interval of 80 %."""
    return [
        "".join(
            f"\n  {time}  {median:.6g} ({low:.6g} to {high:.6g})"
            for time, (low, median, high) in zip(moments, steps, strict=True)
        )
        for moments, steps in zip(outputs["times"], outputs["quantiles"], strict=True)
    ]


def printable(text: str) -> str:
    """Replace what could change the terminal, such as marks that turn its direction."""
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )
