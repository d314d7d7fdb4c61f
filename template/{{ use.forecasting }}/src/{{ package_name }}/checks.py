"""What people should know about series before they train on them, in sentences."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .series import Reading
from .windows import WindowSplit

MOST_MISSING = 0.5  # share of a series' steps without a value
FEW_LOW = 0.01  # share of values that are 0 or less, where all others are above 0
SPREADSHEET = (36_526, 54_789)  # the numbers of days from 2000 to 2049 in spreadsheets


def describe(
    reading: Reading,
    facts: Mapping[str, Any],
    whole: WindowSplit,
    parts: Sequence[WindowSplit],
    stride: int,
    repeat: int,
) -> list[str]:
    """Say what was found: series, frequency, gaps, windows."""
    found, horizon = reading.series, facts["horizon"]
    values = sum(len(one.values) for one in found)
    missing = sum(int(np.isnan(one.values).sum()) for one in found)
    lines = [
        f"{len(found):,} series, {facts['time']['frequency']}, season {facts['season']};"
        f" {values - missing:,} values, {missing:,} missing between them",
        f"a window: {facts['length']} steps of history, {horizon} to forecast"
        + ("; logarithms are learned" if facts["log"] else ""),
    ]
    lines += [f"note: {note}" for note in reading.notes]
    ends = sorted(one.last for one in found)
    if reading.form == "step" and SPREADSHEET[0] <= ends[0] <= ends[-1] <= SPREADSHEET[1]:
        day = np.datetime64("1899-12-30") + ends[-1]
        lines.append(
            f"note: {facts['names']['time']} is taken for the numbers of steps; if {ends[-1]} is a"
            f" spreadsheet's number of the day {day}, write days as dates"
        )
    if facts["length"] < facts["season"]:
        lines.append(
            f"note: the window of {facts['length']} steps is shorter than a season of"
            f" {facts['season']}: seasonal patterns are not seen, and seasonal naive is left out;"
            f" more history or --length {facts['season']}"
        )
    gaps = [one for one in found if np.isnan(one.values).mean() > MOST_MISSING]
    if gaps:
        lines.append(
            f"note: {len(gaps):,} series have more gaps than values, such as {gaps[0].name[:40]!r};"
            " is one of its times wrong?"
        )
    low = sum(int((one.values <= 0).sum()) for one in found)
    if low and not facts["log"] and low <= FEW_LOW * values:
        lines.append(f"note: logarithms are not learned, as {low:,} values are not above 0")
    members = [set(part.members.tolist()) for part in (whole, *parts)]
    short = [one.name for member, one in enumerate(found) if member not in members[0]]
    if short:
        lines.append(
            f"note: {len(short):,} series are too short for a window, such as {short[0][:40]!r}"
        )
    ended = len(members[0]) - len(members[3])
    if ended:
        lines.append(f"note: {ended:,} series end too early, or have too many gaps, to test with")
    constant = int((whole.scales[list(members[3])] == 0).sum()) if members[3] else 0
    if constant:
        lines.append(f"note: {constant:,} series never change while training: they have no MASE")
    counts = [f"{-(-len(part) // stride):,}" for part in parts]
    lines.append(f"windows: {counts[0]} train, {counts[1]} validate, {counts[2]} test")
    if repeat > 1:
        lines.append(f"note: in an epoch each window trains {repeat} times, as they are few")
    if stride > 1:
        lines.append(f"note: only every {stride}th window is made; see --stride")
    return lines
