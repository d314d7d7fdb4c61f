"""The series: built-in ones, or a table of your own, as windows in three splits. No framework here.

The splits are by time alone: windows whose values to forecast are the last ones test, those before
them validate, and those that train end before both.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from . import checks, examples, installed, schema, series, times
from .columns import text_of
from .dataset import Dataset, golden_rows
from .errors import UserError
from .histories import LEAST, along, known_values, width
from .missing import MissingValues
from .series import Reading, Series
from .signature import Batch, Signature, Tensor
from .table import Table, read_table
from .task import DataSettings
from .windows import WindowSplit

QUANTILES = ("0.1", "0.5", "0.9")
MOST_WINDOWS = 100_000  # of one split: of longer series only every so many windows are made
FEW_WINDOWS = 2000  # fewer than these are seen several times in an epoch
LEAST_SCALE = 1e-3  # of a window, as a share of how much a series usually varies
LONGEST_SEASON = 200  # steps of a season of which the history holds more than one


def load(settings: DataSettings) -> Dataset:
    """Load the series that the settings name; the same settings give the same windows.

    Raises UserError when there is no table, or when its series are too short.
    """
    table, names, name, licence, notes = find(settings)
    if names["id"] not in ("", DataSettings.id_column, *table):
        raise UserError(f"{name}: there is no column {names['id']!r}, but {', '.join(table)[:200]}")
    for key, flag in (("time", "--time-column"), ("value", "--value-column")):
        if names[key] not in table:
            there = ", ".join(table)[:200]
            raise UserError(f"{name}: there is no column {names[key]!r}, but {there}; set {flag}")
    lost = MissingValues.of(settings.missing_values)
    table = lost.emptied(table, notes, but=(names["id"], names["time"]))
    texts = [text_of(cell) for cell in table[names["value"]]]
    decimal = schema.find_decimal(texts)
    notes += [f"note: {note}" for note in schema.doubts(names["value"], texts, decimal)]
    try:
        reading = series.read(table, names, settings.frequency, decimal=decimal)
    except ValueError as error:
        raise UserError(f"{name}: {error}") from error
    found = reading.series
    if not found:
        raise UserError(f"{name}: no series has a value")
    chosen = choose(settings, reading)
    horizon, length = chosen["horizon"], chosen["length"]
    cuts = cut(found, chosen, settings)
    further = further_columns(table, found, names, cuts[0], settings)
    log = decide_log(found, cuts[0], settings)
    chosen["log_values"] = "yes" if log else "no"
    scales = np.array([naive_error(one, cuts[0], chosen["season"]) for one in found])
    whole = lay_out(found, known_of(further.columns, table), scales, length, horizon)
    parts = divide(whole, found, cuts)
    stride = settings.stride or max(-(-len(parts[0].origins) // MOST_WINDOWS), 1)
    chosen["stride"] = stride
    train, validation, test = (thin(part, stride) for part in parts)
    for part, does in ((train, "train"), (validation, "validate"), (test, "test")):
        if not len(part):
            raise UserError(
                f"{name}: the series are too short, or have too many gaps, to {does} with: a window"
                f" has {length} steps of history, half of which must be known, and {horizon} to"
                " forecast; try a shorter --length or --horizon"
            )
    lost.write_into(further.columns)
    facts = series.facts_of(names, reading, decimal) | {
        "horizon": horizon,
        "length": length,
        "season": chosen["season"],
        "log": log,
        "scale": measure_scale(train, log),
        "columns": further.columns,
        "left_out": further.left_out,
    }
    facts |= {"missing_numbers": list(lost.numbers)} if lost.numbers else {}
    repeat = settings.repeat or -(-FEW_WINDOWS // len(train))
    chosen["repeat"] = repeat
    facts["examples"] = examples.choose(table, found, facts)
    notes += checks.describe(reading, facts, whole, parts, stride, repeat)
    notes += further.describe()
    if further.columns:
        known = ", ".join(column["name"] for column in further.columns)[:200]
        notes.append(
            f"note: {known} count as known ahead, and the results know their true values: a"
            " forecast needs a row with them for each step to come; see --ignore-columns"
        )
    train = again(train, repeat)
    return Dataset(name, licence, train, validation, test, facts, (), tuple(notes), chosen)


def signature(facts: Mapping[str, Any]) -> Signature:
    """Say what a network of these windows takes and gives."""
    length, horizon = facts["length"], facts["horizon"]
    most = series.LARGEST
    inputs = [Tensor("history", "float32", (length,), "series", low=-most, high=most)]
    if facts["columns"]:
        shape = (length + horizon, width(facts["columns"]))
        inputs.append(Tensor("known", "float32", shape, "numbers", low=-10, high=10))
    output = Tensor("quantiles", "float32", (horizon, len(QUANTILES)), "quantiles", QUANTILES)
    return Signature(tuple(inputs), (output,))


def golden(dataset: Dataset) -> Batch:
    """Choose the windows on which exported models are compared with the trained one."""
    return golden_rows(dataset.test, signature(dataset.facts))


def find(settings: DataSettings) -> tuple[Table, dict[str, str], str, str, list[str]]:
    """Read the table; returns it with its columns' names, its name, its licence and notes."""
    names = {
        "id": settings.id_column,
        "time": settings.time_column,
        "value": settings.value_column,
    }
    notes: list[str] = []
    if settings.source == "txhousing":
        file = installed.folder("plotnine", settings.source) / "data" / "txhousing.csv"
        raw = read_table(file)
        months = zip(raw["year"], raw["month"], strict=True)
        table = {
            names["id"]: raw["city"],
            names["time"]: [f"{year}-{int(month):02}-01" for year, month in months],
            names["value"]: raw["sales"],
        }
        return table, names, "Sales of homes in Texas (plotnine)", "MIT", notes
    file = Path(settings.source).expanduser()
    if not settings.source or not file.is_file():
        raise UserError(f"there is no file {file}; set `source` to your table, or txhousing")
    return read_table(file, notes), names, file.name, "your own", notes


def choose(settings: DataSettings, reading: Reading) -> dict[str, Any]:
    """Choose what the settings leave open, by how far apart values are and how many there are."""
    steps = typical_length(reading.series)
    season = settings.season or times.season_of(reading.frequency)
    horizon = settings.horizon or (season if 4 <= season <= LONGEST_SEASON else 12)
    if not settings.horizon:
        horizon = max(min(horizon, steps // 8), 1)
    length = settings.length
    if not length:
        seasons = 2 if season > 24 else 3
        wanted = max(seasons * season if season <= LONGEST_SEASON else season, 2 * horizon, 8)
        length = max(min(wanted, steps // 4), 2)
    return {
        "frequency": reading.frequency,
        "season": season,
        "horizon": horizon,
        "length": length,
    }


def typical_length(found: Sequence[Series]) -> int:
    """Return the median length of the series, in steps."""
    return int(np.median([len(one.values) for one in found]))


def cut(
    found: Sequence[Series], chosen: Mapping[str, Any], settings: DataSettings
) -> tuple[int, int]:
    """Return the places on the grid where validation and test begin, the same for all series."""
    steps, horizon = typical_length(found), chosen["horizon"]
    tested = min(max(round(settings.test_fraction * steps), 3 * horizon), steps // 3)
    rest = steps - tested
    validated = min(max(round(settings.validation_fraction * rest), 2 * horizon), rest // 3)
    end = max(one.first + len(one.values) for one in found)
    return end - tested - validated, end - tested


def further_columns(
    table: Table,
    found: Sequence[Series],
    names: Mapping[str, str],
    before: int,
    settings: DataSettings,
) -> schema.Schema:
    """Tell what the further columns are; their scales are those of the rows that train."""
    ignored = schema.listed(settings.ignore_columns, table, "--ignore-columns")
    unused = dict.fromkeys(ignored, "as --ignore-columns says") | dict.fromkeys(names.values(), "")
    rows = [one.rows[: max(before - one.first, 0)] for one in found]
    train = np.concatenate(rows)
    return schema.infer(table, train[train >= 0], unused, [])


def known_of(found: Sequence[dict[str, Any]], table: Table) -> np.ndarray:
    """Turn the further columns into numbers, float32 [rows, width]."""
    if not found:
        return np.zeros((len(next(iter(table.values()))), 0), np.float32)
    return known_values(found, table)


def decide_log(found: Sequence[Series], before: int, settings: DataSettings) -> bool:
    """Say whether logarithms are learned; only the values that train are looked at."""
    least = min(float(np.nanmin(one.values[: max(before - one.first, 1)])) for one in found)
    if settings.log_values == "yes" and least <= 0:
        raise UserError(f"a value is {least:g}, which has no logarithm; leave out --log-values yes")
    return settings.log_values == "yes" or (settings.log_values == "auto" and least > 0)


def naive_error(one: Series, before: int, season: int) -> float:
    """Return the mean error of repeating the last season, on the values that train.

    It is what errors are divided by (R. Hyndman and A. Koehler, 2006, Another look at measures of
    forecast accuracy). Where a series has no two seasons, the last value is repeated; 0 where it
    never changes.
    """
    values = one.values[: max(before - one.first, 0)]
    for apart in (season, 1):
        errors = np.abs(values[apart:] - values[:-apart])
        errors = errors[~np.isnan(errors)]
        if len(errors):
            return float(errors.mean())
    return 0.0


def lay_out(
    found: Sequence[Series], known: np.ndarray, scales: np.ndarray, length: int, horizon: int
) -> WindowSplit:
    """Put all series one behind the other, with every window that has enough values."""
    values, features, origins, members, starts, at = [], [], [], [], [], 0
    for member, one in enumerate(found):
        n = len(one.values)
        padded = np.concatenate([np.full(length, np.nan), one.values]).astype(np.float32)
        seen = np.concatenate([[0], np.cumsum(~np.isnan(padded))])
        first = np.arange(length, length + max(n - horizon + 1, 0))
        enough = seen[first] - seen[first - length] >= LEAST * length
        enough &= seen[first + horizon] > seen[first]
        values.append(padded)
        own = along(known, one.rows[:n])
        features.append(np.concatenate([np.repeat(own[:1], length, axis=0), own]))
        origins.append(at + first[enough])
        members.append(np.full(int(enough.sum()), member))
        starts.append(at + length)
        at += len(padded)
    return WindowSplit(
        np.concatenate(values),
        np.concatenate(features),
        np.concatenate(origins).astype(np.int64),
        np.concatenate(members).astype(np.int64),
        scales.astype(np.float32),
        np.array(starts, np.int64),
        tuple(one.name for one in found),
        length,
        horizon,
    )


def divide(
    whole: WindowSplit, found: Sequence[Series], cuts: tuple[int, int]
) -> tuple[WindowSplit, WindowSplit, WindowSplit]:
    """Divide windows by the times of the values to forecast, so that no value is in two splits."""
    firsts = np.array([one.first for one in found])
    places = whole.origins - whole.starts[whole.members] + firsts[whole.members]
    ends = places + whole.horizon
    chosen = (ends <= cuts[0], (places >= cuts[0]) & (ends <= cuts[1]), places >= cuts[1])
    train, validation, test = (
        dataclasses.replace(whole, origins=whole.origins[one], members=whole.members[one])
        for one in chosen
    )
    return train, validation, test


def thin(part: WindowSplit, stride: int) -> WindowSplit:
    """Keep every so many windows."""
    chosen = slice(None, None, stride)
    return dataclasses.replace(part, origins=part.origins[chosen], members=part.members[chosen])


def again(part: WindowSplit, times: int) -> WindowSplit:
    """Let each window be there several times: the network of a few windows needs steps, too."""
    origins, members = (np.tile(array, times) for array in (part.origins, part.members))
    return dataclasses.replace(part, origins=origins, members=members)


def measure_scale(train: WindowSplit, log: bool) -> dict[str, float]:
    """Measure how much the histories that train vary, and the least value with a logarithm.

    A history that hardly changes is divided by `least`, so that it does not become noise.
    """
    chosen = np.linspace(0, len(train) - 1, min(len(train), 10_000)).astype(int)
    windows = train.rows(chosen)["history"].astype(np.float64)
    floor = float(windows.min()) / 100 if log else 0.0
    spread = (np.log(windows) if log else windows).std(axis=1)
    usual = float(np.median(spread[spread > 0])) if (spread > 0).any() else 1.0
    return {"least": LEAST_SCALE * usual, "usual": usual, "floor": floor}
