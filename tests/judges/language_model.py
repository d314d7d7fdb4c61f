"""The commands that only a project of a language model shows, and their judges."""

from __future__ import annotations

import json
import re
import urllib.request

from project_lab import Project

from .common import Judge, Prepare, forget


def write_chats(project: Project) -> None:
    """Put chats of one's own where the README says that they are."""
    folder = project.path / "data"
    folder.mkdir(exist_ok=True)
    # A file as people have it: a mark of UTF-8, Windows' ends of lines, a copy, an empty line.
    lines = ["\ufeff"]
    for i in range(80):
        asked, said = f"Where is item {i}?", f"In box {'ABCD'[i % 4]}."
        chat = [{"role": "user", "content": asked}, {"role": "assistant", "content": said}]
        lines.append(
            json.dumps({"messages": chat} if i % 2 else {"prompt": asked, "completion": said})
        )
    text = lines[0] + "\r\n".join([*lines[1:], lines[3], "", ""])
    (folder / "chats.jsonl").write_bytes(text.encode())


def trained(project: Project, said: str) -> None:
    card = project.card()
    assert card["test"].keys() == {"loss", "perplexity", "exact_match"}
    assert card["test"]["exact_match"] >= 0.95
    assert card["test"]["perplexity"] < 1.05 < card["baselines"]["frequencies"]["perplexity"]
    assert not card["verdict"]


def trained_on_chats(project: Project, said: str) -> None:
    card = project.card()
    assert "note: 1 of 81 records are copies" in said
    assert sum(card["data"][part] for part in ("validation", "test")) == 8
    assert card["test"]["loss"] < card["baselines"]["frequencies"]["loss"]
    forget(project)


def predicted(project: Project, said: str) -> None:
    assert "7th of March, 1986\t1986-03-07" in said


def asked(project: Project, said: str) -> None:
    """The server that is running answers a chat, and in a stream as well."""
    assert '"object":"list"' in said.replace(" ", "")
    for more in ({}, {"stream": True}):
        asks = [{"role": "user", "content": "7th of March, 1986"}]
        table = {"model": project.slug, "messages": asks} | more
        request = urllib.request.Request(
            "http://127.0.0.1:8080/v1/chat/completions",
            json.dumps(table).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            body = answer.read().decode()
        parts = re.findall(r'"content":\s*"([^"]*)"', body)
        assert "".join(parts) == "1986-03-07", body


JUDGES: list[tuple[str, Prepare | None, Judge]] = [
    (r"uv run my-model train", None, trained),
    (r"uv run my-model train --source data/chats.jsonl", write_chats, trained_on_chats),
    (r'uv run my-model predict --text "7th of March, 1986"( --target \w+)?', None, predicted),
    (r"curl http://127.0.0.1:8080/v1/models", None, asked),
]
