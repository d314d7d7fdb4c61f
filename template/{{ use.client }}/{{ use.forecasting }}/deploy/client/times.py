"""Dates and times, how far apart they are, and their places on a grid; the standard library alone.

Training, `predict` and servers read alike; the web page's times.js does the same, and deploy/client
has a copy of this file. A time is whole seconds since 1970, or a whole number of steps.
"""

import calendar
import functools
import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

DAY = 86_400
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # Windows' own clock knows no time before it
# How far apart values are, by name: seconds (of months: their number), and values in a season.
SECONDS = {
    "1_minute": (60, 60),
    "5_minutes": (300, 288),
    "10_minutes": (600, 144),
    "15_minutes": (900, 96),
    "30_minutes": (1800, 48),
    "hourly": (3600, 24),
    "daily": (DAY, 7),
    "weekly": (7 * DAY, 52),
    "steps": (1, 1),
}
MONTHS = {"monthly": (1, 12), "quarterly": (3, 4), "yearly": (12, 1)}
FREQUENCIES = (*SECONDS, *MONTHS)

CLOCK = r"([T ]+(?P<hour>\d{1,2}):(?P<minute>\d\d)(:(?P<second>\d\d)([.,]\d+)?)?)?"
ZONE = r"( ?(?P<zone>Z|UTC|[+-]\d\d:?\d\d))?"
YEAR, MONTH, DAY_OF = r"(?P<year>[1-4]\d{3})", r"(?P<month>\d{1,2})", r"(?P<day>\d{1,2})"
# Where several fit all texts, the first one counts.
FORMS = {
    "year-month-day": re.compile(rf"{YEAR}[-/]{MONTH}([-/]{DAY_OF}{CLOCK}{ZONE})?", re.ASCII),
    "quarter": re.compile(rf"{YEAR}[- ]?[Qq](?P<quarter>[1-4])", re.ASCII),
    "day.month.year": re.compile(rf"{DAY_OF}\.{MONTH}\.{YEAR}{CLOCK}{ZONE}", re.ASCII),
    "month/day/year": re.compile(rf"{MONTH}/{DAY_OF}/{YEAR}{CLOCK}{ZONE}", re.ASCII),
    "day/month/year": re.compile(rf"{DAY_OF}[/-]{MONTH}[/-]{YEAR}{CLOCK}{ZONE}", re.ASCII),
    "year": re.compile(YEAR, re.ASCII),
    "yearmonthday": re.compile(r"(?P<year>[1-4]\d{3})(?P<month>\d\d)(?P<day>\d\d)", re.ASCII),
    "step": re.compile(r"(?P<step>-?\d{1,9})(\.0+)?", re.ASCII),
}

ORDERS = ("month/day/year", "day/month/year")  # of the first 12 days of a month both may fit


@functools.lru_cache(maxsize=100_000)
def parse(text: str, form: str) -> tuple[int, int] | None:
    """Read a time in one of FORMS; None where it is none.

    Returns the local time in seconds since 1970 and the seconds that it is ahead of UTC; of steps,
    their number. Fractions of a second are left out.
    """
    found = FORMS[form].fullmatch(text)
    if not found:
        return None
    parts = {name: value for name, value in found.groupdict().items() if value}
    if "step" in parts:
        return int(parts["step"]), 0
    zone = parts.pop("zone", "")
    if "quarter" in parts:
        parts["month"] = str(3 * int(parts.pop("quarter")) - 2)
    numbers = {"month": 1, "day": 1} | {name: int(value) for name, value in parts.items()}
    try:
        local = int(datetime(**numbers, tzinfo=UTC).timestamp())
    except ValueError:  # such as the 31st of February
        return None
    ahead = 0
    if zone[:1] in ("+", "-"):
        digits = zone[1:].replace(":", "")
        ahead = (3600 * int(digits[:2]) + 60 * int(digits[2:])) * (-1 if zone[0] == "-" else 1)
    return local, ahead


def find_form(texts: Iterable[str], preferred: str = "") -> str:
    """Tell in which of FORMS texts are; ValueError with the first that is not in that form."""
    texts = list(texts)
    different = list(dict.fromkeys(texts))
    order = [*([preferred] if preferred in FORMS else []), *FORMS]
    fitting = {form: sum(parse(text, form) is not None for text in different) for form in order}
    form = max(order, key=lambda name: fitting[name])
    if fitting[form] < len(different):
        bad = next(text for text in different if parse(text, form) is None)
        why = f"the others are {form}" if fitting[form] else "no date, time or number of a step"
        row = texts.index(bad) + 1
        raise ValueError(f"{bad[:40]!r} in row {row:,} cannot be read as a time; {why}")
    return form


def other_order(texts: Iterable[str], form: str) -> str:
    """Name the form with day and month in the other order, where it fits all texts as well.

    Empty where it does not, or gives the same dates.
    """
    if form not in ORDERS:
        return ""
    other = ORDERS[1 - ORDERS.index(form)]
    read = [(parse(text, form), parse(text, other)) for text in dict.fromkeys(texts)]
    fits = all(second is not None for _, second in read)
    return other if fits and any(first != second for first, second in read) else ""


def regularity(series: Iterable[Sequence[int]], form: str, frequency: str = "auto") -> float:
    """Return the share of times that come one step after the time before; 0 without a frequency."""
    series = list(series)
    if frequency == "auto":
        try:
            frequency = find_frequency(series, form)
        except ValueError:
            return 0.0
    pairs = [pair for times in series for pair in pairwise(times)]
    steps = [place(after, frequency, time) - place(time, frequency, time) for time, after in pairs]
    return steps.count(1) / max(len(steps), 1)


def to_times(texts: Sequence[str], form: str, frequency: str) -> list[int]:
    """Read times in a form: in UTC where values are less than a day apart, else local dates."""
    found = []
    for text in texts:
        parsed = parse(text, form)
        if parsed is None:
            raise ValueError(f"{text[:40]!r} cannot be read as a time; the others are {form}")
        local, ahead = parsed
        found.append(local - ahead if is_clock(frequency) else local)
    return found


def is_clock(frequency: str) -> bool:
    """Say whether a frequency is less than a day, so that hours count and time zones matter."""
    return frequency in SECONDS and 1 < SECONDS[frequency][0] < DAY


def find_frequency(series: Iterable[Sequence[int]], form: str) -> str:
    """Tell how far apart times are, by the median of their distances in all series.

    ValueError where it is no frequency that is known here, or where no series has two times.
    """
    apart = [b - a for times in series for a, b in pairwise(times) if b > a]
    if not apart:
        raise ValueError("no series has two different times")
    middle = statistics.median_low(apart)
    if form == "step":
        if middle != 1:
            raise ValueError(f"steps are {middle} apart; number them 1, 2, 3")
        return "steps"
    for name, (seconds, _) in SECONDS.items():
        if name != "steps" and abs(middle - seconds) <= 0.05 * seconds:
            return name
    for name, (months, _) in MONTHS.items():
        if 28 * DAY * months <= middle <= 31 * DAY * months:
            return name
    known = ", ".join(FREQUENCIES)
    raise ValueError(f"times are mostly {in_words(middle)} apart, which is none of {known}")


def in_words(seconds: int) -> str:
    """Write a length of time."""
    if seconds < DAY:
        return f"{seconds / 60:g} minutes"
    return f"{seconds / DAY:g} days"


def place(time: int, frequency: str, phase: int = 0) -> int:
    """Return the nearest place on the grid of a frequency; `phase` is a time that lies on it."""
    if frequency in SECONDS:
        step = SECONDS[frequency][0]
        return (time - phase + step // 2) // step + phase // step
    moment = EPOCH + timedelta(seconds=time)
    return (12 * moment.year + moment.month - 1) // MONTHS[frequency][0]


def later(time: int, steps: int, frequency: str) -> int:
    """Return the time some steps later; the last day of a month is followed by last days."""
    if frequency in SECONDS:
        return time + steps * SECONDS[frequency][0]
    moment = EPOCH + timedelta(seconds=time)
    last = moment.day == calendar.monthrange(moment.year, moment.month)[1]
    months = 12 * moment.year + moment.month - 1 + steps * MONTHS[frequency][0]
    year, month = divmod(months, 12)
    days = calendar.monthrange(year, month + 1)[1]
    day = days if last else min(moment.day, days)
    return int(moment.replace(year=year, month=month + 1, day=day).timestamp())


def write(time: int, frequency: str) -> str:
    """Write a time as answers have it: a date, or a time in UTC where hours count."""
    if frequency == "steps":
        return str(time)
    moment = EPOCH + timedelta(seconds=time)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ" if is_clock(frequency) else "%Y-%m-%d")


def season_of(frequency: str) -> int:
    """Return how many values a season has."""
    return {**SECONDS, **MONTHS}[frequency][1]


def about(facts: Mapping[str, Any]) -> tuple[str, str]:
    """Return the form and the frequency that the series had in training."""
    return facts["time"]["form"], facts["time"]["frequency"]
