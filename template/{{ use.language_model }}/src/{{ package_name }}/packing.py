"""Chats as arrays: packed into rows to learn from, or one a row to be measured."""

from collections.abc import Sequence

import numpy as np

from .rendering import Rendered
from .signature import Batch

NOTHING = -1  # a target that is not learnt
OPEN = 256  # rows that are filled at the same time


def pack(chats: Sequence[Rendered], length: int, pad: int) -> Batch:
    """Put whole chats into rows of `length` tokens, each into the first row that has room.

    Returns int32 [rows, length] each: `tokens`; `targets`, the token after each of them where it is
    to be learnt; and `positions`, which begin again with each chat. Those tell the model to keep
    the chats of a row apart: https://huggingface.co/docs/transformers/main/en/kv_cache
    """
    rows: list[list[Rendered]] = []
    filled: list[int] = []
    first_open = 0
    for chat in chats:
        size = len(chat.tokens)
        places = (row for row in range(first_open, len(rows)) if filled[row] + size <= length)
        row = next(places, len(rows))
        if row == len(rows):
            rows.append([])
            filled.append(0)
            first_open = max(first_open, len(rows) - OPEN)
        rows[row].append(chat)
        filled[row] += size
    tokens = np.full((len(rows), length), pad, np.int32)
    targets = np.full((len(rows), length), NOTHING, np.int32)
    positions = np.zeros((len(rows), length), np.int32)
    for row, together in enumerate(rows):
        start = 0
        for chat in together:
            end = start + len(chat.tokens)
            tokens[row, start:end] = chat.tokens
            learnt = chat.learnt[1:]
            targets[row, start : end - 1][learnt] = chat.tokens[1:][learnt]
            positions[row, start:end] = np.arange(end - start)
            start = end
        positions[row, start:] = np.arange(length - start)
    return {"tokens": tokens, "targets": targets, "positions": positions}


def one_a_row(chats: Sequence[Rendered], length: int, pad: int) -> Batch:
    """Put each chat into a row of its own, filled up behind its end.

    Returns `tokens`, int32 [n, length]; `lengths` and `prompts`, int32 [n, 1], the tokens of the
    chat and those before its last answer; `learnt`, bool [n, length].
    """
    tokens = np.full((len(chats), length), pad, np.int32)
    learnt = np.zeros((len(chats), length), bool)
    for row, chat in enumerate(chats):
        tokens[row, : len(chat.tokens)] = chat.tokens
        learnt[row, : len(chat.tokens)] = chat.learnt
    return {
        "tokens": tokens,
        "lengths": np.array([[len(chat.tokens)] for chat in chats], np.int32).reshape(-1, 1),
        "prompts": np.array([[chat.prompt] for chat in chats], np.int32).reshape(-1, 1),
        "learnt": learnt,
    }
