"""The built-in chats: a date in words or numbers is asked for, and its ISO 8601 form is answered.

They are made here, so that they need no download, and each has one right answer.
"""

import datetime
import random

NAME, LICENCE = "dates", "made by this project"
COUNT, SEED = 3200, 0
FIRST, DAYS = datetime.date(1950, 1, 1), 36_525  # until the end of 2049
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def make() -> list[tuple[str, str]]:
    """Make prompts with their answers, each date of 1950 to 2049 at most once."""
    rng = random.Random(SEED)
    return [
        (in_words(FIRST + datetime.timedelta(day), rng), str(FIRST + datetime.timedelta(day)))
        for day in rng.sample(range(DAYS), COUNT)
    ]


def in_words(date: datetime.date, rng: random.Random) -> str:
    """Write a date in one of the ways in which people do."""
    day, month, year = date.day, MONTHS[date.month - 1], date.year
    forms = (
        f"{day} {month} {year}",
        f"{month} {day}, {year}",
        f"{day}{ordinal(day)} of {month} {year}",
        f"{day}{ordinal(day)} of {month}, {year}",
        f"{month[:3]} {day} {year}",
        f"{WEEKDAYS[date.weekday()]}, {day} {month} {year}",
        f"{day}.{date.month}.{year}",
        f"{date.month}/{day}/{year}",
    )
    return rng.choice(forms)


def ordinal(day: int) -> str:
    """Return what makes an ordinal of a day's number: st, nd, rd or th."""
    if 10 <= day % 100 <= 20:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
