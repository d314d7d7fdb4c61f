"""The commands that only a project of forecasting shows, and their judges."""

from __future__ import annotations

import csv
import datetime
import json
import math
import random
import re

from project_lab import Project

from .common import Judge, Prepare, forget

FIGURES = {"mase", "coverage_80", "quantile_loss"}
LINE = r"(-?\d[\d.e+]*)"


def make_demand(project: Project) -> None:
    """Write a table as people have them: semicolons, decimal commas, gaps, unsorted, Latin-1."""
    chance = random.Random(0)
    lines = []
    for shop in ("Köln", "Ulm", "Trier"):
        for number in range(200):
            day = datetime.date(2024, 1, 1) + datetime.timedelta(number)
            price = chance.choice((1.5, 2.0))
            sold = 40 + 15 * math.sin(number * math.pi / 3.5) - 8 * price + chance.gauss(0, 2)
            shown = "" if number % 31 == 7 else f"{sold:.1f}".replace(".", ",")
            if number % 37 != 5:
                lines.append(f"{shop};{day:%d.%m.%Y};{shown};{price:g}".replace("1.5", "1,5"))
    chance.shuffle(lines)
    text = "\r\n".join(["shop;day;sold;price", *lines])
    (project.path / "data").mkdir(exist_ok=True)
    (project.path / "data" / "demand.csv").write_bytes(text.encode("latin-1"))


def trained(project: Project, said: str) -> None:
    card = project.card()
    test, baselines = card["test"], card["baselines"]
    assert [*baselines] == ["naive", "seasonal naive", "ETS (20 of 46 series)"]
    assert all(each.keys() == FIGURES for each in (test, *baselines.values()))
    assert test["mase"] < 0.8 < baselines["seasonal naive"]["mase"]
    assert 0.7 < test["coverage_80"] < 0.9
    assert "46 series, monthly, season 12; 8,034 values, 138 missing" in said
    metrics = (project.runs()[-1] / "metrics.jsonl").read_text().splitlines()
    assert json.loads(metrics[-1])["split"] == "test"


def trained_on_demand(project: Project, said: str) -> None:
    card = project.card()
    facts = card["facts"]
    assert facts["names"] == {"id": "shop", "time": "day", "value": "sold"}
    assert facts["time"] == {"form": "day.month.year", "frequency": "daily"}
    assert (facts["horizon"], facts["season"], facts["decimal"]) == (7, 7, ",")
    assert [column["name"] for column in facts["columns"]] == ["price"]
    assert "is not UTF-8; read as cp1252" in said
    assert card["test"]["mase"] < card["baselines"]["seasonal naive"]["mase"]
    forget(project)


def check_steps(found: list[tuple[str, float, float, float]]) -> None:
    """Hold twelve forecasts of each of three series against what such sales are."""
    assert len(found) == 36
    for place, (time, median, low, high) in enumerate(found):
        month = place % 12 + 7
        assert time == f"{2015 + month // 12}-{month % 12 + 1:02}-01"
        assert 0 < low <= median <= high < 5 * low


def predicted(project: Project, said: str) -> None:
    lines = re.findall(
        rf"^(Austin|Dallas|El Paso)\t(\S+)\t{LINE}\t{LINE}\t{LINE}$", said, re.MULTILINE
    )
    check_steps([(time, *map(float, numbers)) for _, time, *numbers in lines])
    file = project.path / "forecasts.csv"
    if file.is_file():
        rows = list(csv.DictReader(file.read_text("utf-8").splitlines()))
        assert [*rows[0]] == ["series", "ds", "median", "low", "high"] and len(rows) == 36
        file.unlink()


def asked(project: Project, said: str) -> None:
    lines = re.findall(rf"^  (\d{{4}}-\d\d-01)  {LINE} \({LINE} to {LINE}\)$", said, re.MULTILINE)
    check_steps([(time, *map(float, numbers)) for time, *numbers in lines])
    assert re.findall("^(Austin|Dallas|El Paso): $", said, re.MULTILINE)


def answered(project: Project, said: str) -> None:
    # What curl and the client say of themselves comes after it.
    found, _ = json.JSONDecoder().raw_decode(said[said.index("[") :])
    assert len(found) == 3
    for row in found:
        assert len(row["quantiles"]) == 12
        assert all(low <= median <= high for low, median, high in row["quantiles"])


JUDGES: list[tuple[str, Prepare | None, Judge]] = [
    (r"uv run my-model train", None, trained),
    (r"uv run my-model train --source data/demand\.csv .*", make_demand, trained_on_demand),
    (
        r"uv run my-model predict examples/sales\.csv( --csv forecasts\.csv)?( --target \w+)?",
        None,
        predicted,
    ),
    (r"uv run python deploy/client \w+ examples/sales\.csv", None, asked),
    (r"uv run python deploy/client torchserve .* --curl \| curl -s -K -", None, answered),
]
