"""From a chat to tokens, and which of them the model learns to say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import UserError
from .records import Record

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Message = Mapping[str, str]
LOOKED_AT = 50  # chats in which it is made sure that the template leaves nothing out
ADVICE = "give a chat template of your own with --template"


@dataclass(frozen=True)
class Rendered:
    """The tokens of a chat or a text."""

    tokens: np.ndarray
    """int32 [length]"""
    learnt: np.ndarray
    """bool [length]: those that the model learns to say"""
    prompt: int = 0
    """tokens before the last answer; 0 in a text"""
    messages: tuple[Message, ...] = ()


class Renderer:
    """Renders chats by a tokenizer's template, and finds in them what the assistant says."""

    def __init__(self, tokenizer: "PreTrainedTokenizerBase", stop: Sequence[int]) -> None:
        self.tokenizer = tokenizer
        self.stop = frozenset(stop)
        self.end = stop[0]
        # Templates that mark what the assistant says spare us to search for it.
        self.looked_at = 0
        self.marked = "{% generation" in self.template or "{%- generation" in self.template

    @property
    def template(self) -> str:
        """The chat template."""
        return str(self.tokenizer.chat_template or "")

    def __call__(self, record: Record) -> Rendered:
        """Render a chat or a text; UserError where nothing in it, or not its end, is learnt."""
        if not record.messages:
            tokens = [*self.tokenizer.encode(record.text, add_special_tokens=False), self.end]
            learnt = np.arange(len(tokens)) > 0  # nothing comes before the first one
            return Rendered(np.array(tokens, np.int32), learnt)
        try:
            found = self.by_marks(record) if self.marked else self.by_prefixes(record)
        except UserError:
            raise
        except Exception as error:  # templates raise errors of their own
            reason = str(error).strip().splitlines()[0] if str(error) else type(error).__name__
            raise UserError(
                f"{record.where} does not fit the chat template: {reason[:200]}"
            ) from error
        self.check(found, record.where)
        if self.looked_at < LOOKED_AT:
            self.looked_at += 1
            self.check_template(record, found)
        return found

    def tokens(self, messages: Sequence[Message], answers: bool = False) -> list[int]:
        """Render messages as tokens; where the assistant `answers`, up to its answer."""
        if not self.template:
            raise UserError(f"the base has no chat template, which chats need; {ADVICE}")
        found: Any = self.tokenizer.apply_chat_template(
            [dict(message) for message in messages],
            add_generation_prompt=answers,
            return_dict=True,
        )
        return [int(token) for token in found["input_ids"]]

    def by_marks(self, record: Record) -> Rendered:
        """Find what the template's `generation` blocks enclose, up to each one's stop token."""
        found: Any = self.tokenizer.apply_chat_template(
            [dict(message) for message in record.messages],
            return_dict=True,
            return_assistant_tokens_mask=True,
        )
        tokens = np.array(found["input_ids"], np.int32)
        learnt = np.array(found["assistant_masks"], bool)
        starts = np.flatnonzero(learnt & ~np.r_[False, learnt[:-1]])
        ends = np.flatnonzero(learnt & ~np.r_[learnt[1:], False]) + 1
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            learnt[self.last_stop(tokens, start, end) : end] = False
        prompt = self.tokens(record.messages[:-1], answers=True)
        if tokens[: len(prompt)].tolist() != prompt or learnt[len(prompt) - 1]:
            raise UserError(
                f"{record.where}: the chat template begins an answer otherwise when it asks for one"
                f" (add_generation_prompt) than in a whole chat; {ADVICE}"
            )
        return Rendered(tokens, learnt, len(prompt), record.messages)

    def by_prefixes(self, record: Record) -> Rendered:
        """Find each answer as what follows once the messages before it are rendered alone."""
        whole = self.tokens(record.messages)
        tokens = np.array(whole, np.int32)
        learnt = np.zeros(len(whole), bool)
        start = 0
        for place, message in enumerate(record.messages):
            if message["role"] != "assistant":
                continue
            before = self.tokens(record.messages[:place], answers=True)
            through = self.tokens(record.messages[: place + 1])
            start, end = len(before), len(through)
            if through[:start] != before or whole[:end] != through:
                raise UserError(
                    f"{record.where}: the base's chat template renders an answer otherwise once"
                    f" more follows, so that it cannot be told what to learn; {ADVICE}, and"
                    " {% generation %} around what the assistant says"
                )
            learnt[start : self.last_stop(tokens, start, end)] = True
        return Rendered(tokens, learnt, start, record.messages)

    def last_stop(self, tokens: np.ndarray, start: int, end: int) -> int:
        """Return where an answer ends: behind its last stop token, or at its end without one."""
        places = np.flatnonzero(np.isin(tokens[start:end], list(self.stop)))
        return start + int(places[-1]) + 1 if len(places) else end

    def check(self, found: Rendered, where: str) -> None:
        """Refuse a chat that would teach nothing, or never to end an answer."""
        learnt = np.flatnonzero(found.learnt)
        if not len(learnt):
            raise UserError(
                f"{where}: the chat template marks nothing that the assistant says, so that nothing"
                f" would be learnt; {ADVICE}"
            )
        if int(found.tokens[learnt[-1]]) not in self.stop:
            raise UserError(
                f"{where}: the answer does not end with a stop token, so that the model would never"
                f" learn to end; {ADVICE} that has it inside {{% generation %}}"
            )

    def check_template(self, record: Record, found: Rendered) -> None:
        """Refuse a template that leaves out what is said, or has others' words learnt."""
        text = str(self.tokenizer.decode(found.tokens.tolist()))
        for message in record.messages[:-1]:
            content = message["content"].strip()
            # Templates may leave out what the assistant has thought before.
            if message["role"] != "assistant" and content.isascii() and content not in text:
                raise UserError(
                    f"{record.where}: the chat template leaves out what the {message['role']} says;"
                    f" {ADVICE}, or leave out those messages"
                )
        places = [i for i, one in enumerate(record.messages) if one["role"] == "assistant"]
        before = self.tokens(record.messages[: places[0]], answers=True)
        if found.learnt[: len(before)].any():
            raise UserError(
                f"{record.where}: the chat template marks more than the assistant's words as what"
                f" is to be learnt; {ADVICE}"
            )
