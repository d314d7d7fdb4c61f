"""The chats as tokens: packed into rows for training, one a row for validation and test.

A split's rows are described in packing.py. NumPy and a tokenizer; no framework's arrays here.
"""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from tqdm import tqdm

from . import bases, packing, records
from .dataset import ArraySplit, Dataset, golden_rows
from .errors import UserError
from .printing import counted
from .records import Record
from .rendering import Rendered, Renderer
from .signature import Batch, Signature, Tensor
from .task import DataSettings

SEED = 0  # the split belongs to the data: another training seed must not move it
LONGEST = 1024  # tokens of a chat, where nobody says otherwise
HELD = 0.995  # share of the chats that the chosen length holds as a whole
FEWEST_IN_A_ROW = 128  # tokens: rows of short chats hold several
SHORT = 32  # tokens of an answer that may be known to the letter
CASES, CASE_TOKENS = 50, 512
GOLDEN_ROWS = 32


def load(settings: DataSettings) -> Dataset:
    """Load the data that the settings name; the same settings give the same arrays.

    Raises UserError when a file cannot be read, or has a chat that nothing can be learnt from.
    """
    about = bases.describe(settings)
    tokenizer = bases.load_tokenizer(settings.base, settings.revision)
    tokenizer.chat_template = about["template"] or None
    notes: list[str] = []
    read = without_copies(records.read(settings.source), notes)
    tell_empty(read, notes)
    render = Renderer(tokenizer, about["stop"])
    quiet = not sys.stderr.isatty() or len(read) < 10_000
    rendered = [render(record) for record in tqdm(read, "tokens", leave=False, disable=quiet)]
    length = choose_length(rendered, settings, about)
    kept = cut(rendered, length, notes)
    train, validation, test = divide(kept, settings)
    row = min(max(-(-length // 16) * 16, FEWEST_IN_A_ROW), max(about["most_length"], length))
    packed = packing.pack(train, row, about["pad"])
    notes.append(
        f"note: {len(train):,} chats train, packed into {len(packed['tokens']):,} rows of {row}"
        f" tokens, which are the samples; {len(validation):,} validate, {len(test):,} test"
    )
    answers = answer_lengths(kept)
    facts = about | {
        "length": length,
        "row": row,
        "new_tokens": settings.new_tokens or choose_new_tokens(answers, length),
        "exact_match": compared(settings, answers),
        "cases": cases_of(test),
    }
    return Dataset(
        name=records.BUILT_IN if settings.source == records.BUILT_IN else "your own chats",
        licence="made by this project" if settings.source == records.BUILT_IN else "your own",
        train=ArraySplit(packed),
        validation=ArraySplit(packing.one_a_row(validation, length, about["pad"])),
        test=ArraySplit(packing.one_a_row(test, length, about["pad"])),
        facts=facts,
        notes=tuple(notes),
        chosen={
            "length": length,
            "new_tokens": facts["new_tokens"],
            "exact_match": "yes" if facts["exact_match"] else "no",
        },
    )


def without_copies(found: Sequence[Record], notes: list[str]) -> list[Record]:
    """Leave out records that are there twice: one to learn from must not test as well."""
    kept = {(tuple(map(tuple_of, r.messages)), r.text): r for r in reversed(found)}
    if copies := len(found) - len(kept):
        notes.append(f"note: {copies:,} of {len(found):,} records are copies of others, left out")
    return list(reversed(kept.values()))


def tell_empty(read: Sequence[Record], notes: list[str]) -> None:
    """Say how many chats teach the model to say nothing."""
    empty = [
        record.where
        for record in read
        if any(m["role"] == "assistant" and not m["content"].strip() for m in record.messages)
    ]
    if empty:
        told = counted(len(empty), "answer is empty", "answers are empty")
        notes.append(f"note: {told}: the model learns to say nothing, such as from {empty[0]}")


def tuple_of(message: Mapping[str, str]) -> tuple[str, str]:
    """Make of a message what can be compared and hashed."""
    return message["role"], message["content"]


def choose_length(
    rendered: Sequence[Rendered], settings: DataSettings, about: Mapping[str, Any]
) -> int:
    """Return how many tokens a chat may have; UserError for more than the base takes."""
    if settings.length > about["most_length"]:
        raise UserError(
            f"--length {settings.length} is more than the base takes, {about['most_length']}"
        )
    # A few very long chats would make all rows as long, and few of them.
    held = int(np.quantile([len(chat.tokens) for chat in rendered], HELD, method="lower"))
    return settings.length or min(held, LONGEST, about["most_length"])


def cut(rendered: Sequence[Rendered], length: int, notes: list[str]) -> list[Rendered]:
    """Cut chats that are too long; those of which nothing to learn remains are left out."""
    found, shortened = [], 0
    for chat in rendered:
        if len(chat.tokens) > length:
            shortened += 1
            # Without its end, no answer can be compared with the known one.
            chat = Rendered(chat.tokens[:length], chat.learnt[:length])
        if chat.learnt.any():
            found.append(chat)
    if shortened:
        lost = len(rendered) - len(found)
        left_out = f"; {lost:,} of them have no answer left and are left out" if lost else ""
        notes.append(
            f"warning: {shortened:,} of {len(rendered):,} chats have more than {length:,} tokens"
            f" (--length) and are cut{left_out}"
        )
    if not found:
        raise UserError(f"no chat has an answer within {length} tokens; try a larger --length")
    return found


def divide(
    chats: Sequence[Rendered], settings: DataSettings
) -> tuple[list[Rendered], list[Rendered], list[Rendered]]:
    """Divide chats by chance; chats with the same beginning stay together.

    Raises UserError when a part would have none.
    """
    groups: dict[bytes, list[Rendered]] = {}
    for chat in chats:
        start = chat.tokens[: chat.prompt] if chat.prompt else chat.tokens
        groups.setdefault(start.tobytes(), []).append(chat)
    lots = list(groups.values())
    order = np.random.default_rng(SEED).permutation(len(lots))
    tested = max(round(len(lots) * settings.test_fraction), 1)
    validated = max(round((len(lots) - tested) * settings.validation_fraction), 1)
    parts = np.split(order, [len(lots) - tested - validated, len(lots) - tested])
    train, validation, test = ([chat for i in part for chat in lots[i]] for part in parts)
    if not train or not test or not validation:
        raise UserError(f"{len(lots)} different chats are too few to learn from and to test with")
    return train, validation, test


def answer_lengths(chats: Sequence[Rendered]) -> np.ndarray:
    """Count the tokens of last answers, the stop token included; chats without one count 0."""
    return np.array([int(chat.learnt[chat.prompt :].sum()) * bool(chat.prompt) for chat in chats])


def choose_new_tokens(answers: np.ndarray, length: int) -> int:
    """Return how long answers may be: twice the longest known one, at least 16."""
    return int(min(max(2 * answers.max(initial=0), 16), max(length, 16)))


def compared(settings: DataSettings, answers: np.ndarray) -> bool:
    """Say whether generated answers are compared with the known ones."""
    if settings.exact_match != "auto":
        return settings.exact_match == "yes" and bool(answers.any())
    return bool(answers.any()) and float(np.median(answers[answers > 0])) <= SHORT


def cases_of(chats: Sequence[Rendered]) -> list[dict[str, Any]]:
    """Pick chats whose last answer is to be generated again by every artifact."""
    return [
        {
            "messages": [dict(message) for message in chat.messages[:-1]],
            "tokens": chat.tokens[: chat.prompt].tolist(),
        }
        for chat in chats
        if chat.messages and chat.prompt <= CASE_TOKENS
    ][:CASES]


def signature(facts: Mapping[str, Any]) -> Signature:
    """Say what the model takes and gives: tokens, and how probable each of them was."""
    tokens = Tensor("tokens", "int32", (None,), "tokens", low=0, high=facts["vocabulary"] - 1)
    lengths = Tensor("lengths", "int32", (1,), "numbers", low=1, high=facts["most_length"])
    found = Tensor("log_probabilities", "float32", (None,), "values")
    return Signature((tokens, lengths), (found,), kind="generate")


def golden(dataset: Dataset) -> Batch:
    """Choose chats of the test split on which exports are compared with the trained model."""
    return golden_rows(dataset.test, signature(dataset.facts), GOLDEN_ROWS)
