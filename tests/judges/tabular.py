"""The commands that only a project of tables shows, and their judges."""

from __future__ import annotations

import json
import random
import re

from project_lab import Project

from .common import Judge, Prepare, forget


def make_customers(project: Project) -> None:
    """Write a table as people have them: semicolons, decimal commas, gaps, an id, Latin-1."""
    chance = random.Random(0)
    lines = ["id;plan;since;spent;city;churned"]
    for number in range(400):
        plan, spent = chance.choice(["Basis", "Größe L", ""]), chance.uniform(1, 90)
        churned = "ja" if (spent < 30) != (plan == "Basis" and chance.random() < 0.9) else "nein"
        shown = "" if number % 17 == 0 else f"{spent:.2f}".replace(".", ",")
        day = f"{number % 28 + 1:02}.{number % 12 + 1:02}.2024"
        lines.append(
            f"K{number:05};{plan};{day};{shown};{chance.choice(['Köln', 'Ulm'])};{churned}"
        )
    (project.path / "data").mkdir()
    (project.path / "data" / "customers.csv").write_bytes("\r\n".join(lines).encode("latin-1"))


def trained(project: Project, said: str) -> None:
    card = project.card()
    best = max(figures["accuracy"] for figures in card["baselines"].values())
    assert set(card["baselines"]) == {"boosted trees", "linear model", "constant"}
    assert card["test"]["accuracy"] >= best - 0.03
    assert card["test"].keys() == {"accuracy", "macro_f1", "log_loss", "roc_auc"}
    assert "name: left out, its 1,310 texts differ" in said
    metrics = (project.runs()[-1] / "metrics.jsonl").read_text().splitlines()
    assert json.loads(metrics[-1])["split"] == "test"


def trained_on_customers(project: Project, said: str) -> None:
    card = project.card()
    kinds = {column["name"]: column["kind"] for column in card["facts"]["columns"]}
    assert kinds == {"plan": "category", "since": "date", "spent": "number", "city": "category"}
    assert card["facts"]["target"]["classes"] == ["ja", "nein"]
    assert "is not UTF-8; read as cp1252" in said and "id: left out" in said
    assert card["test"]["accuracy"] > 0.8
    schema = json.loads((project.runs()[-1] / "model" / "schema.json").read_text("utf-8"))
    assert schema["columns"] == card["facts"]["columns"]
    forget(project)


def predicted(project: Project, said: str) -> None:
    found = re.findall(r"^examples/passengers\.csv:(\d)\t([01])\t0\.\d+$", said, re.MULTILINE)
    assert found[0] == ("1", "0") and found[2] == ("3", "1")


def asked(project: Project, said: str) -> None:
    found = re.findall(r"^examples/passengers\.csv:(\d): ([01]) \(\d+\.\d%\)$", said, re.MULTILINE)
    assert found[0] == ("1", "0") and found[2] == ("3", "1")


def answered(project: Project, said: str) -> None:
    # What curl and the client say of themselves comes after it.
    found, _ = json.JSONDecoder().raw_decode(said[said.index("[") :])
    assert (found[0]["label"], found[2]["label"]) == ("0", "1")


JUDGES: list[tuple[str, Prepare | None, Judge]] = [
    (r"uv run my-model train", None, trained),
    (
        r"uv run my-model train --source data/customers\.csv .*",
        make_customers,
        trained_on_customers,
    ),
    (r"uv run my-model predict examples/passengers\.csv( --target \w+)?", None, predicted),
    (r"uv run python deploy/client \w+ examples/passengers\.csv", None, asked),
    (r"uv run python deploy/client torchserve .* --curl \| curl -s -K -", None, answered),
]
