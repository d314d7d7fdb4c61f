"""From questions to answers in words: the command line, cases.json, and the tokens of both."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from . import bases
from .errors import OutOfToleranceError, UserError
from .generation import LEAST_TEMPERATURE, Options, generator, trim
from .plain_text import visible, visible_lines
from .records import check_messages, lines_of
from .rendering import Message, Renderer
from .signature import Batch, Predict, count
from .task import DataSettings

EXAMPLE = 'predict --text "7th of March, 1986"'
MEDIA_TYPES = ("application/json",)
"""what `decode` reads from the body of a request"""
STDIN = Path("-")
NOTHING = -1  # behind the end of an answer
MOST_SHOWN = 60  # characters of a question by which its answer is known


@dataclass(frozen=True)
class Request:
    """Questions of one file or of the command line, and how they are to be answered."""

    where: str
    chats: list[list[Message]]
    temperature: float
    top_p: float
    seed: int
    most: int
    shown: bool
    """whether answers are shown while they are written"""
    names: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        """Count the questions."""
        return len(self.chats)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `predict` answers to the command line."""
    text = "questions, one a line; or JSON Lines with messages or a prompt; - is standard input"
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help=text)
    text = "a question; several may be given"
    parser.add_argument("--text", action="append", default=[], help=text)
    text = "what the assistant is told before each question"
    parser.add_argument("--system", default="", help=text)
    text = "0: always the most probable token, which is the default; 1: by the probabilities"
    parser.add_argument("--temperature", type=float, default=0.0, metavar="X", help=text)
    text = "choose among the most probable tokens that have this probability together"
    parser.add_argument("--top-p", type=float, default=1.0, metavar="X", help=text)
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of what is chosen")
    text = "most tokens of an answer; the run's own by default"
    parser.add_argument("--new-tokens", type=int, metavar="N", help=text)


def sources(given: argparse.Namespace) -> list[Request]:
    """List what to answer; UserError for numbers out of their range."""
    if given.temperature != 0 and not LEAST_TEMPERATURE <= given.temperature <= 10:
        least = LEAST_TEMPERATURE
        raise UserError(f"--temperature must be 0, or from {least} to 10, not {given.temperature}")
    if not 0 < given.top_p <= 1:
        raise UserError(f"--top-p must be more than 0 and at most 1, not {given.top_p}")
    if given.new_tokens is not None and not 1 <= given.new_tokens <= 2**16:
        raise UserError(f"--new-tokens must be from 1 to 65536, not {given.new_tokens}")
    if not 0 <= given.seed < 2**31:
        raise UserError(f"--seed must be from 0 to {2**31 - 1}, not {given.seed}")
    shown = sys.stdout.isatty() and not given.json
    given.shown = shown  # what was streamed is not printed again
    head: list[Message] = [{"role": "system", "content": given.system}] if given.system else []
    found: list[tuple[str, list[list[Message]]]] = []
    if given.text:
        found.append(("", [[*head, *question(text)] for text in given.text]))
    for file in given.files:
        where = "standard input" if file == STDIN else str(file)
        found.append((where, [[*head, *chat] for chat in read_file(file, where)]))
    if not found:
        raise UserError("say what to answer: --text TEXT, a file with a question a line, or -")
    how = (given.temperature, given.top_p, given.seed, given.new_tokens or 0, shown)
    return [Request(where, chats, *how) for where, chats in found]


def question(text: str) -> list[Message]:
    """Make a chat of one question; UserError for an empty one."""
    if not text.strip():
        raise UserError("a question is empty")
    return check(text)


def check(text: str) -> list[Message]:
    """Make a chat of a text that may be no text, such as a file's bytes."""
    return list(check_messages([{"role": "user", "content": text}], "a question"))


def read_file(file: Path, where: str) -> list[list[Message]]:
    """Read the questions of a file; UserError when there are none."""
    if file == STDIN:
        text = sys.stdin.buffer.read().decode("utf-8-sig", "replace")
        lines = [line.rstrip("\r") for line in text.split("\n")]
    elif not file.is_file():
        raise UserError(f"there is no file {file}")
    else:
        lines = [line.rstrip("\r") for line in lines_of(file)]
    kept = [(place, line) for place, line in enumerate(lines, 1) if line.strip()]
    if not kept:
        raise UserError(f"{where} has no questions")
    piped = file == STDIN and kept[0][1].lstrip().startswith("{")
    if piped or file.suffix.lower() in (".jsonl", ".ndjson", ".json"):
        return [of_json(line, f"{where}:{place}") for place, line in kept]
    for place, line in kept:
        if is_chat(line):
            raise UserError(
                f"{where}:{place} is a chat as JSON among plain questions; for chats, have one in"
                " every line and call the file .jsonl"
            )
    return [check(line) for _, line in kept]


def is_chat(line: str) -> bool:
    """Whether a line is an object of JSON that has a question."""
    try:
        table = json.loads(line) if line.lstrip().startswith("{") else None
    except (ValueError, RecursionError):
        return False
    return isinstance(table, dict) and bool(table.keys() & {"messages", "prompt"})


def of_json(line: str, where: str) -> list[Message]:
    """Read a question from a line of JSON; what the assistant says last is left out."""
    try:
        table = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{where} is no JSON: {error}") from error
    if isinstance(table, dict) and isinstance(table.get("prompt"), str):
        return check(table["prompt"])
    if isinstance(table, dict) and isinstance(table.get("prompt"), list):
        table = {"messages": table["prompt"]}
    if not isinstance(table, dict) or not isinstance(table.get("messages"), list):
        raise UserError(f"{where} needs messages, or a prompt")
    messages = list(check_messages(table["messages"], where))
    while messages and messages[-1]["role"] == "assistant":
        messages.pop()
    if not messages:
        raise UserError(f"{where} asks nothing")
    return messages


def divide(source: Request, facts: Mapping[str, Any]) -> list[Request]:
    """Put each question that is too long by itself, so that the others get their answers."""
    rows = from_chats(source.chats, facts)["lengths"][:, 0].tolist()
    most = facts["most_length"] - (source.most or facts["new_tokens"])
    fits = [length <= most for length in rows]
    if all(fits) or len(fits) == 1:
        return [source]
    whole = [chat for chat, fit in zip(source.chats, fits, strict=True) if fit]
    where = f"{source.where}: " if source.where else ""
    apart = [
        replace(source, chats=[chat], where=f"{where}question {place}")
        for place, (chat, fit) in enumerate(zip(source.chats, fits, strict=True), 1)
        if not fit
    ]
    return [*([replace(source, chats=whole)] if whole else []), *apart]


def read_examples(
    source: Request, settings: DataSettings, facts: Mapping[str, Any]
) -> tuple[list[str], Batch]:
    """Turn questions into tokens; UserError for one that is too long for the model."""
    inputs = from_chats(source.chats, facts)
    most = source.most or facts["new_tokens"]
    longest = int(inputs["lengths"].max())
    if longest + most > facts["most_length"]:
        raise UserError(
            f"{source.where or 'a question'} has {longest:,} tokens, and with an answer of {most:,}"
            f" more than the {facts['most_length']:,} that the model takes"
        )
    rows = len(source.chats)
    how = {"temperature": source.temperature, "top_p": source.top_p}
    inputs |= {name: np.full((rows, 1), value, np.float64) for name, value in how.items()}
    inputs |= {name: np.full((rows, 1), value, np.int64) for name, value in {
        "seed": source.seed, "most": most, "shown": source.shown
    }.items()}  # fmt: skip
    return [shorten(chat[-1]["content"]) for chat in source.chats], inputs


def from_chats(chats: Sequence[Sequence[Message]], facts: Mapping[str, Any]) -> Batch:
    """Render chats as inputs: `tokens` int32 [n, longest] and `lengths` int32 [n, 1]."""
    render = Renderer(bases.tokenizer_of(facts), facts["stop"])
    return together([render.tokens(chat, answers=True) for chat in chats], facts["pad"])


def together(rows: Sequence[Sequence[int]], pad: int) -> Batch:
    """Put rows of tokens of different lengths into one batch, filled up with `pad`."""
    longest = max((len(row) for row in rows), default=0)
    tokens = np.full((len(rows), longest), pad, np.int32)
    for row, found in zip(tokens, rows, strict=True):
        row[: len(found)] = found
    return {
        "tokens": tokens,
        "lengths": np.array([[len(row)] for row in rows], np.int32).reshape(-1, 1),
    }


def shorten(text: str) -> str:
    """Cut a question to what its answer is known by."""
    line = " ".join(text.split())
    return line if len(line) <= MOST_SHOWN else f"{line[: MOST_SHOWN - 1]}…"


def compute(model: Predict, inputs: Batch, facts: Mapping[str, Any]) -> Batch:
    """Write an answer to each question: `answers`, int32 [n, most], -1 behind the end of each."""
    rows = count(inputs)
    most = int(value(inputs, "most", facts["new_tokens"]))
    found = np.full((rows, most), NOTHING, np.int32)
    options = Options(
        most,
        float(value(inputs, "temperature", 0.0)),
        float(value(inputs, "top_p", 1.0)),
        int(value(inputs, "seed", 0)),
    )
    prompts = [trim(inputs["tokens"][i], int(inputs["lengths"][i, 0])) for i in range(rows)]
    if value(inputs, "shown", 0):
        answers = [stream(model, prompt, options, facts) for prompt in prompts]
    else:
        answers = generator(model).generate(prompts, options)
    for row, answer in zip(found, answers, strict=True):
        row[: len(answer)] = answer
    return {"answers": found}


def value(inputs: Batch, name: str, default: float) -> float:
    """Return an option that is the same for all rows."""
    return inputs[name][0, 0].item() if name in inputs and len(inputs[name]) else default


def stream(
    model: Predict, prompt: Sequence[int], options: Options, facts: Mapping[str, Any]
) -> list[int]:
    """Show an answer on the terminal while it is written; returns its tokens."""
    tokenizer, answer, shown = bases.tokenizer_of(facts), list[int](), ""
    for token in generator(model).stream(prompt, options):
        answer.append(token)
        text = str(tokenizer.decode(answer, skip_special_tokens=True))
        # A character may take several tokens: until it is whole, it shows as U+FFFD.
        if text.endswith("\ufffd"):
            continue
        print(visible_lines(text[len(shown) :]), end="", flush=True)
        shown = text
    print(flush=True)
    return answer


def answer(
    model: Predict, names: Sequence[str], examples: Batch, facts: Mapping[str, Any]
) -> list[dict[str, object]]:
    """Answer questions; each answer is known by its question's beginning."""
    outputs = compute(model, examples, facts)
    return [
        {"prompt": name} | found for name, found in zip(names, encode(outputs, facts), strict=True)
    ]


def decode(body: bytes, media_type: str, facts: Mapping[str, Any], notes: list[str]) -> Batch:
    """Read questions from a body, `{"messages": [...]}` a line; UserError for what is none."""
    lines = body.decode("utf-8", "replace").splitlines()
    chats = [of_json(line, f"line {i}") for i, line in enumerate(lines, 1) if line.strip()]
    if not chats:
        raise UserError("the body asks nothing")
    return from_chats(chats, facts)


def encode(outputs: Batch, facts: Mapping[str, Any]) -> list[dict[str, object]]:
    """Turn the tokens of answers into texts."""
    tokenizer = bases.tokenizer_of(facts)
    rows = ([int(token) for token in row if token != NOTHING] for row in outputs["answers"])
    return [{"text": str(tokenizer.decode(row, skip_special_tokens=True))} for row in rows]


def cases(facts: Mapping[str, Any]) -> tuple[list[Any], Batch]:
    """Return the chats that are kept for it as JSON, and the batch made of them."""
    found = facts["cases"]
    inputs = together([case["tokens"] for case in found], facts["pad"])
    return [{"messages": case["messages"]} for case in found], inputs


def check_artifact(model: Predict, facts: Mapping[str, Any]) -> None:
    """Hold an artifact's own tokenizer and chat template against the run's.

    Raises OutOfToleranceError with the first chat that it turns into other tokens.
    """
    for case in facts["cases"]:
        found = generator(model).render(case["messages"])
        if found != case["tokens"]:
            said = visible(shorten(case["messages"][-1]["content"]))
            raise OutOfToleranceError(
                f"the artifact's tokenizer or chat template makes {len(found)} tokens of the chat"
                f" {said!r}, and the training made {len(case['tokens'])} others of it"
            )
