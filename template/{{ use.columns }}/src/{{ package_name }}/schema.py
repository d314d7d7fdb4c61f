"""What the columns of a table are: found from its texts, shown, and written down."""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from .columns import FORMATS, Column, numbers_of, text_of, to_number, written
from .errors import UserError

ALMOST = 0.95  # share of values that must be numbers, or dates, in a column of them
MOST_VALUES = 10_000  # of a category
MOSTLY = 0.8  # a column of names of which a larger share differs names rows
OFTEN = 0.5  # a column of texts of which a larger share differs is an id
MOST_COUNTS = 5  # of how many values of a category a report says how often they are there
FEWEST_NAMES = 100  # whole numbers that all differ; fewer may be amounts
FEWEST_COUNTED = 21  # rows; fewer may have numbers without gaps by chance
LARGEST_COUNTED = 2**53  # up to here float64 has every whole number
# What names one row: letters and a number, or the digits of a hash or a UUID.
NAME = re.compile(r"[^\W\d_]*[-_]?\d+|[0-9a-fA-F-]{16,}")
# A number with the sign of a currency, or per cent.
WITH_UNIT = re.compile(r"[€$£¥]\s?-?\d[\d.,]*|-?\d[\d.,]*\s?([%€$£¥]|EUR|USD|GBP|CHF|,-)")
LEAST = 2  # rows of a value that gets a code of its own
THOUSANDS = re.compile(r"[+-]?[1-9]\d?\d?(\.\d{3})+")
NINES = re.compile(r"-?99+(\.9+)?")  # what many tables have for a missing value
FEWEST_NEAR = 10  # different numbers that tell how far another one is from them
FAR = 10  # times the distance of the others from each other; less for NINES
SURE = 10  # numbers with points between thousands that tell what points mean


@dataclass
class Schema:
    """The columns that the network uses, and what is to be said of the others."""

    rows: int
    """how many of them train"""
    columns: list[Column] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    """name -> why"""
    ids: list[str] = field(default_factory=list)
    """those of them with a name or a number for each row: copies of a row differ in it"""
    notes: list[str] = field(default_factory=list)

    def describe(self) -> list[str]:
        """Say what was found, a line for each column, and what is to be noted."""
        lines = [f"  {column['name']}: {in_words(column, self.rows)}" for column in self.columns]
        lines += [f"  {name}: left out, {why}" for name, why in self.left_out.items()]
        return lines + [f"note: {note}" for note in self.notes]


def infer(
    table: dict[str, list[str]],
    train: np.ndarray,
    unused: Mapping[str, str],
    categories: Iterable[str],
) -> Schema:
    """Tell what each column is; medians, scales and values are those of the training rows.

    `train` are those rows' places; `unused` are names that are no inputs, with the reason where it
    is to be said; `categories` names of numbers that stand for something else.
    """
    schema = Schema(len(train))
    forced = set(categories)
    for name, cells in table.items():
        texts = [text_of(cell) for cell in cells]
        known = [text for text in texts if text]
        if name in unused:
            if unused[name]:
                schema.left_out[name] = unused[name]
                schema.ids += [name] if are_ids(known) else []
            continue
        different = Counter(known)
        if not known:
            schema.left_out[name] = "it has no values"
        elif len(different) == 1 and len(known) == len(texts):
            schema.left_out[name] = f"it is {known[0][:40]!r} in every row"
        elif name not in forced and (column := number_column(name, known, schema)):
            finish(column, texts, train, schema)
        elif len(different) > max(OFTEN * len(known), 2 * LEAST) or len(different) > MOST_VALUES:
            schema.left_out[name] = f"its {len(different):,} texts differ: {why_left_out(known)}"
            schema.ids += [name] if are_ids(known) else []
        else:
            finish_category(name, texts, train, schema)
    return schema


def listed(names: str, table: Iterable[str], flag: str) -> list[str]:
    """Take a setting apart that names columns, with commas between them.

    Raises UserError where the table has none of a name: it would be passed over without a word.
    """
    found = [name.strip() for name in names.split(",") if name.strip()]
    for name in found:
        if name not in table:
            raise UserError(
                f"{flag}: the table has no column {name!r}; it has {', '.join(table)[:300]};"
                " several are divided by commas"
            )
    return found


def why_left_out(texts: Sequence[str]) -> str:
    """Say why a column of texts is of no use; those that are mostly digits may be meant as more."""
    if are_ids(texts):
        return "it names rows"
    decimal = find_decimal(texts)
    others = [text for text in texts if math.isnan(to_number(text, decimal))]
    if len(others) < len(texts) / 2:
        (text, count), *_ = Counter(others).most_common(1)
        return (
            f"most are numbers, and {len(others):,} of {len(texts):,} are not, {count:,} of them"
            f" {text[:40]!r}; what stands for a missing value is named by --missing-values"
        )
    digits = sum(character.isdigit() for text in texts for character in text)
    if digits > sum(map(len, texts)) / 2:
        return "they are neither numbers nor dates in a form that is read"
    return "it names rows"


def are_ids(texts: Sequence[str]) -> bool:
    """Say whether texts are like K10001, 00123 or a hash, most of them in one row alone."""
    return len(set(texts)) > MOSTLY * len(texts) and all(map(NAME.fullmatch, texts))


def similar(texts: Iterable[str]) -> str:
    """Name two texts that differ in their writing alone, such as Yes and yes, or 1 and 1.0."""
    seen: dict[object, str] = {}
    for text in texts:
        number = to_number(text)
        folded = unicodedata.normalize("NFKC", text).casefold()
        key: object = folded if math.isnan(number) else number
        if key in seen:
            return f"{seen[key]!r} and {text!r}"
        seen[key] = text
    return ""


def number_column(name: str, known: Sequence[str], schema: Schema) -> Column | None:
    """Return a column of numbers or of dates, None where the texts are neither."""
    zeros = sum(bool(re.fullmatch(r"0\d+", text)) for text in known)
    if zeros > (1 - ALMOST) * len(known):
        return None  # 00123 is a name, not 123
    decimal = find_decimal(known)
    bad = [text for text in known if math.isnan(to_number(text, decimal))]
    if len(bad) <= (1 - ALMOST) * len(known):
        schema.notes += doubts(name, known, decimal)
        return {"name": name, "kind": "number", "decimal": decimal}
    if not any(character.isdigit() for character in known[0]):
        return None
    forms = [form for form in FORMATS if fits(form, known)]
    if not forms:
        return None
    if len(forms) > 1:
        schema.notes.append(f"{name}: dates read as {forms[0]}; {forms[1]} would fit as well")
    return {"name": name, "kind": "date", "format": forms[0]}


def find_decimal(texts: Sequence[str]) -> str:
    """Tell whether a point or a comma stands before the decimals: what makes more texts numbers.

    Where both do, points stand between thousands if whole numbers below 1000 have none, and all
    others have three digits behind each. Decimals of just three digits would all have a point.
    """
    points, commas = (sum(math.isnan(to_number(text, d)) for text in texts) for d in ".,")
    if points == commas:
        parted = [text for text in texts if "." in text]
        whole = {text.lstrip("+-") for text in texts if text} - {t.lstrip("+-") for t in parted}
        if len(parted) >= SURE and all(THOUSANDS.fullmatch(text) for text in parted):
            return "," if whole and all(re.fullmatch(r"\d{1,3}", text) for text in whole) else "."
    return "," if commas < points else "."


def doubts(name: str, texts: Sequence[str], decimal: str) -> list[str]:
    """Say which numbers of a column may be meant in another way than they are read."""
    return doubt_thousands(name, texts, decimal) + doubt_far(name, texts, decimal)


def doubt_far(name: str, texts: Sequence[str], decimal: str) -> list[str]:
    """Say so where the highest or the lowest number is far from all others.

    It may be a slip, or stand for a missing value, as 9999 does in many tables.
    """
    numbers = np.array([to_number(text, decimal) for text in texts])
    values, counts = np.unique(numbers[np.isfinite(numbers)], return_counts=True)
    found = []
    for place, others in ((-1, values[:-1]), (0, values[1:])):
        if len(others) < FEWEST_NEAR:
            continue
        low, high, value = (float(number) for number in (others[0], others[-1], values[place]))
        nines = NINES.fullmatch(f"{value:.15g}")
        odd = nines and value < 0 <= low  # among numbers that are never below 0
        if odd or abs(value - others[place]) > (1 if nines else FAR) * (high - low):
            rows = f"in {counts[place]:,} rows " if counts[place] > 1 else ""
            found.append(
                f"{name}: {value:.15g} {rows}is {'unlike' if odd else 'far from'} all other values,"
                f" {low:.6g} to {high:.6g};"
                " if it stands for a missing value, say so in --missing-values, or leave it empty"
            )
    return found


def doubt_thousands(name: str, texts: Sequence[str], decimal: str) -> list[str]:
    """Say how numbers are read that might be meant a thousand times as large, or as small."""
    parted = [text for text in texts if decimal in text]
    if parted and all(THOUSANDS.fullmatch(text.replace(",", ".")) for text in parted):
        return [
            f"{name}: {parted[0]} is read as {to_number(parted[0], decimal):g}; if {decimal!r}"
            " stands between thousands, write the numbers without it"
        ]
    points = [text for text in texts if THOUSANDS.fullmatch(text)]
    if decimal == "," and points and not parted:
        read = f"{to_number(points[0], decimal):.0f}"
        return [f"{name}: {points[0]} is read as {read}: a point stands between thousands"]
    return []


def fits(form: str, known: Sequence[str]) -> bool:
    """Say whether almost all texts are dates of a form."""
    column = {"kind": "date", "format": form}
    sample = known[:100]
    if np.isnan(numbers_of(column, sample)).mean() > 1 - ALMOST:
        return False  # most forms end here
    return bool(np.isnan(numbers_of(column, known)).mean() <= 1 - ALMOST)


def finish(column: Column, texts: Sequence[str], train: np.ndarray, schema: Schema) -> None:
    """Measure a column of numbers on the training rows."""
    every = numbers_of(column, texts)
    values = every[train]
    known = values[~np.isnan(values)]
    name = column["name"]
    if not len(known) or known.min() == known.max():
        schema.left_out[name] = "its training rows all have the same value"
        return
    if column["kind"] == "number" and counts_rows(every[~np.isnan(every)]):
        schema.left_out[name] = "its numbers count the rows"
        schema.ids.append(name)
        return
    if column["kind"] == "number" and names_rows(every[~np.isnan(every)]):
        schema.notes.append(
            f"{name}: its whole numbers all differ; if they name rows, --ignore-columns"
        )
    median = float(np.median(known))
    filled = np.where(np.isnan(values), median, values)
    column |= {"median": median, "mean": float(filled.mean()), "scale": float(filled.std())}
    column["low"], column["high"] = float(known.min()), float(known.max())
    column["flag"] = bool(np.isnan(values).any())
    column["missing"] = float(np.isnan(values).mean())
    schema.columns.append(column)


def counts_rows(values: np.ndarray) -> bool:
    """Say whether the numbers [n] of all rows count them, in any order: 1, 2, 3, or 10, 20, 30.

    They are whole and all different, and at least half of the numbers between the lowest and the
    highest are there: rows may be missing. Amounts, years and ages repeat, or leave wider gaps.
    """
    if len(values) < FEWEST_COUNTED or np.abs(values).max() > LARGEST_COUNTED:
        return False
    if (values != np.round(values)).any():
        return False
    steps = np.diff(np.sort(values.astype(np.int64)))
    return bool(steps.min() > 0 and steps.mean() <= 2 * np.gcd.reduce(steps))


def names_rows(values: np.ndarray) -> bool:
    """Say whether numbers [n] may name rows: many whole ones, none there twice."""
    whole = len(values) >= FEWEST_NAMES and bool((values == np.round(values)).all())
    return whole and len(np.unique(values)) == len(values)


def finish_category(name: str, texts: Sequence[str], train: np.ndarray, schema: Schema) -> None:
    """Give codes to the values of the training rows, the most frequent first."""
    counts = Counter(texts[place] for place in train)
    missing = counts.pop("", 0) / len(train)
    values = [value for value, count in counts.most_common() if count >= LEAST]
    if not values:
        schema.left_out[name] = "none of its values is in two training rows"
        return
    units = sum(bool(WITH_UNIT.fullmatch(value)) for value in values)
    if units > len(values) / 2:
        schema.notes.append(
            f"{name}: {len(values):,} texts such as {values[0][:20]!r} are values of a category;"
            " numbers are written without units"
        )
    if pair := similar(values):
        schema.notes.append(f"{name}: {pair} are taken for different values")
    column = {"name": name, "kind": "category", "values": values, "missing": missing}
    column["counts"] = [counts[value] for value in values[:MOST_COUNTS]]
    schema.columns.append(column)


def in_words(column: Column, rows: int) -> str:
    """Say what a column is, and how many of the rows that train lack its value."""
    share = column["missing"]
    gaps = f"; {round(share * rows):,} of {rows:,} missing ({share:.1%})" if share else ""
    if column["kind"] == "category":
        values = column["values"]
        more = f", and {len(values) - 4} more" if len(values) > 4 else ""
        return f"category: {', '.join(value[:20] for value in values[:4])}{more}{gaps}"
    form = column.get("format", "")
    low, high = (written(column, column[side]) for side in ("low", "high"))
    what = f"date, {form}" if form else f"number, {low} to {high}"
    return what + (f"{gaps}, which count as {written(column, column['median'])}" if gaps else "")
