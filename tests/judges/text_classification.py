"""The commands that only a project of texts shows, and their judges."""

from __future__ import annotations

import json
import random
import re

from project_lab import Project

from .common import Judge, Prepare, forget

SENTENCES = ["German", "French", "Russian", "Turkish", "Czech", "Greek", "Finnish"]


def make_messages(project: Project) -> None:
    """Write texts as people have them: semicolons, quotes, Latin-1, gaps, copies, a long one."""
    chance = random.Random(0)
    words = {
        "billing, refunds": "Rechnung Betrag Konto zurück überwiesen bezahlt",
        'the "app"': "Absturz Fehler Version Gerät öffnet lädt",
        "other": "Frage Grüße Öffnungszeiten danke Adresse morgen",
    }
    lines = ["id;message;topic"]
    for number in range(400):
        topic = chance.choice(list(words))
        text = " ".join(chance.choices(words[topic].split(), k=chance.randint(2, 12)))
        quoted = topic.replace('"', '""')
        lines.append(f'{number};"{text}; Nr. {number}";"{quoted}"')
    lines += ['400;"";other', "401;kein Thema;", f'402;"{"sehr lang " * 5000}";other']
    lines += [lines[1].replace("0;", "403;", 1)] * 3
    (project.path / "data").mkdir()
    (project.path / "data" / "messages.csv").write_bytes("\r\n".join(lines).encode("latin-1"))


def trained(project: Project, said: str) -> None:
    card = project.card()
    assert set(card["baselines"]) == {"most frequent class", "TF-IDF and linear model"}
    best = card["baselines"]["TF-IDF and linear model"]
    assert 0.88 < best["accuracy"] < 0.91
    assert card["test"].keys() == {"accuracy", "macro_f1", "log_loss"}
    assert card["test"]["accuracy"] >= max(0.88, best["accuracy"] - 0.02)
    assert card["test"]["log_loss"] <= best["log_loss"]
    assert "14,989 texts of 24 classes: 10,807 train, 1,191 validate, 2,991 test" in said
    metrics = (project.runs()[-1] / "metrics.jsonl").read_text().splitlines()
    assert json.loads(metrics[-1])["split"] == "test"


def trained_on_messages(project: Project, said: str) -> None:
    card = project.card()
    assert card["facts"]["classes"] == ["billing, refunds", "other", 'the "app"']
    assert "is not UTF-8; read as cp1252" in said
    assert "1 of 406 rows have no text and are left out" in said
    assert "1 of 406 rows have no label and are left out" in said
    assert "the longest has 50,000" in said
    assert card["test"]["accuracy"] > 0.9
    forget(project)


def predicted(project: Project, said: str) -> None:
    found = re.findall(
        r"^examples/sentences\.txt:(\d)\t[^\t]+\t(\w+)\t(?:0\.\d+|1)$", said, re.MULTILINE
    )
    assert found == [(str(place), name) for place, name in enumerate(SENTENCES, 1)]


def predicted_texts(project: Project, said: str) -> None:
    assert re.search(
        r"^--text:1\tIn welcher Sprache ist das\?\tGerman\t0\.\d+$", said, re.MULTILINE
    )
    assert re.search(
        r"^--text:2\tDans quelle langue est ce texte \?\tFrench\t0\.\d+$", said, re.MULTILINE
    )


def asked(project: Project, said: str) -> None:
    found = re.findall(r"^examples/sentences\.txt:(\d): (\w+) \(\d+\.\d%\)$", said, re.MULTILINE)
    assert found == [(str(place), name) for place, name in enumerate(SENTENCES, 1)]


def answered(project: Project, said: str) -> None:
    # What curl and the client say of themselves comes after it.
    found, _ = json.JSONDecoder().raw_decode(said[said.index("[") :])
    assert [answer["label"] for answer in found] == SENTENCES


JUDGES: list[tuple[str, Prepare | None, Judge]] = [
    (r"uv run my-model train", None, trained),
    (r"uv run my-model train --source data/messages\.csv .*", make_messages, trained_on_messages),
    (r"uv run my-model predict --text .*", None, predicted_texts),
    (r"uv run my-model predict examples/sentences\.txt( --target \w+)?", None, predicted),
    (r"uv run python deploy/client \w+ examples/sentences\.txt", None, asked),
    (r"uv run python deploy/client torchserve .* --curl \| curl -s -K -", None, answered),
]
