"""A language model as an artifact: what its runtimes and its server have to know of it."""

import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from .errors import UserError
from .generation import LanguageModel, Options

CONTEXT = 4096  # tokens of a chat with its answer, where nobody says otherwise
CONTEXT_HELP = f"most tokens of a chat with its answer; {CONTEXT:,}, or what the model takes"
UNFINISHED = "\ufffd"  # what stands for bytes that are no whole character


class ChatModel(LanguageModel, Protocol):
    """A language model that turns tokens into text as well, by the artifact's own tokenizer."""

    def stream(self, prompt: Sequence[int], options: Options) -> Generator[int, None, None]:
        """Answer one prompt, a token at a time, until it is closed."""
        ...

    def text(self, tokens: Sequence[int]) -> str:
        """Turn tokens into text; those that only structure a chat have none."""
        ...


def details(folder: Path, facts: Mapping[str, Any], context: int) -> dict[str, Any]:
    """Say what a manifest has to have beside the facts; `folder` is the merged model's.

    `context` is how many tokens a chat with its answer may have, 0 to choose; `special` are the
    tokens that structure chats. Raises UserError for a context that the model or its chats do not
    fit into.
    """
    needed, most = facts["length"] + facts["new_tokens"], facts["most_length"]
    chosen = context or min(max(CONTEXT, needed), most)
    if not min(needed, most) <= chosen <= most:
        raise UserError(
            f"--context must be from {min(needed, most)} to {most}, by this run's chats and base"
        )
    table = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    special = [entry["id"] for entry in table["added_tokens"] if entry["special"]]
    return {"context": chosen, "special": special}


def pieces(model: ChatModel, tokens: Iterator[int]) -> Iterator[tuple[str, int]]:
    """Turn tokens into text as they come: pieces of whole characters, and how many tokens of each.

    A character may take several tokens; what never becomes whole at the end is given as it is.
    """
    held: list[int] = []
    for token in tokens:
        held.append(token)
        text = model.text(held)
        # No character has more than four bytes, and so no more tokens.
        if not text.endswith(UNFINISHED) or len(held) > 4:
            yield text, len(held)
            held = []
    if held:
        yield model.text(held), len(held)
