"""Chats and texts, from a file of JSON Lines or made here."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import dates
from .errors import UserError

BUILT_IN = "dates"
SHAPES = 'one of "messages", "prompt" with "completion", or "text"'
ROLES = ("system", "user", "assistant")
MOST_BYTES = 2**32  # of a file, which is read into memory


@dataclass(frozen=True)
class Record:
    """A chat, or a text without one."""

    where: str
    """the file and the line, for errors"""
    messages: tuple[Mapping[str, str], ...] = ()
    """each with a role and its content"""
    text: str = ""


def read(source: str) -> list[Record]:
    """Read what `source` names; UserError for a file with a line that is none of the three."""
    if source == BUILT_IN:
        return [
            Record(f"dates:{place}", chat(*texts)) for place, texts in enumerate(dates.make(), 1)
        ]
    file = Path(source).expanduser()
    if not source.strip() or not file.is_file():
        raise UserError(f"there is no file {file}; set `source` to your file, or {BUILT_IN}")
    if file.stat().st_size > MOST_BYTES:
        raise UserError(f"{file} has more than 4 GiB; files are read into memory, so divide it")
    records = [
        parse(line, f"{file}:{place}")
        for place, line in enumerate(lines_of(file), 1)
        if line.strip()
    ]
    if not records:
        raise UserError(f"{file} is empty: it needs an object a line, with {SHAPES}")
    return records


def lines_of(file: Path) -> list[str]:
    """Read the lines of a file in UTF-8, with or without its mark."""
    try:
        return file.read_bytes().decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise UserError(f"{file} is not UTF-8, as JSON has to be; save it so: {error}") from error


def chat(prompt: str, answer: str) -> tuple[Mapping[str, str], ...]:
    """Make a chat of a question and its answer."""
    return (
        {"role": "user", "content": prompt},
        {"role": "assistant", "content": answer},
    )


def parse(line: str, where: str) -> Record:
    """Read one line; UserError where it is none of the shapes."""
    try:
        table = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{where} is no JSON: {error}") from error
    if not isinstance(table, dict):
        raise UserError(f"{where} must be an object with {SHAPES}")
    if "messages" in table:
        return Record(where, messages_of(table["messages"], where))
    if "prompt" in table and "completion" in table:
        return Record(where, of_pair(table["prompt"], table["completion"], where))
    if isinstance(table.get("text"), str) and table["text"].strip():
        return Record(where, text=table["text"])
    known = ", ".join(map(repr, table))[:200] or "nothing"
    raise UserError(f"{where} has {known}; it needs {SHAPES}")


def of_pair(prompt: object, completion: object, where: str) -> tuple[Mapping[str, str], ...]:
    """Make a chat of a prompt and its completion, each a text or a list of messages."""
    if isinstance(prompt, str) and isinstance(completion, str):
        return messages_of(chat(prompt, completion), where)
    if isinstance(prompt, list) and isinstance(completion, list):
        return messages_of([*prompt, *completion], where)
    raise UserError(f"{where}: prompt and completion must both be texts, or both lists of messages")


def messages_of(found: object, where: str) -> tuple[Mapping[str, str], ...]:
    """Check the messages of a chat: the last one is the assistant's."""
    messages = check_messages(found, where)
    if messages[-1]["role"] != "assistant":
        raise UserError(f"{where} ends with {messages[-1]['role']!r}: the assistant has to answer")
    return messages


def check_messages(found: object, where: str) -> tuple[Mapping[str, str], ...]:
    """Check that messages have a role and a text each; UserError where they have not."""
    if not isinstance(found, Sequence) or isinstance(found, str) or not found:
        raise UserError(f"{where} must have a list of messages")
    return tuple(check_message(message, where) for message in found)


def check_message(message: Any, where: str) -> Mapping[str, str]:
    """Check one message; what it has beside role and content is refused, not left out."""
    if not isinstance(message, dict) or not {"role", "content"} <= message.keys():
        raise UserError(f"{where}: each message needs a role and a content")
    more = {key for key in message.keys() - {"role", "content"} if message[key]}
    if more or not all(isinstance(message[key], str) for key in ("role", "content")):
        raise UserError(
            f"{where}: messages are texts here, with a role and a content; this one has more:"
            f" {', '.join(sorted(more)) or 'a content that is no text'}"
        )
    if message["role"] not in ROLES:
        raise UserError(f"{where}: there is no role {message['role']!r}; use {', '.join(ROLES)}")
    content: str = message["content"]
    if any("\ud800" <= sign <= "\udfff" for sign in content):
        raise UserError(f"{where} has half of a surrogate pair, which is no character")
    return {"role": message["role"], "content": content}
