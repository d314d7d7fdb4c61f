"""What a trained language model can do, whatever computes it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from .signature import Batch

LEAST_TEMPERATURE = 0.01  # below it, single precision divides by what is almost nothing


@dataclass(frozen=True)
class Options:
    """How an answer is written."""

    most: int
    """tokens, at most"""
    temperature: float = 0.0
    """0: always the most probable token; from LEAST_TEMPERATURE on, 1 being the model's own"""
    top_p: float = 1.0
    """only the most probable tokens that have this probability together"""
    seed: int = 0


@runtime_checkable
class LanguageModel(Protocol):
    """A language model in some runtime: how probable tokens are, and answers."""

    def __call__(self, batch: Batch) -> Batch:
        """Map `tokens`, int32 [n, length], and `lengths`, int32 [n, 1], to `log_probabilities`.

        Those are float32 [n, length], of each token after those before it; 0 for the first one,
        and behind the end of a row.
        """
        ...

    def generate(self, prompts: Sequence[Sequence[int]], options: Options) -> list[list[int]]:
        """Answer prompts; returns the tokens of each answer without the stop token."""
        ...

    def stream(self, prompt: Sequence[int], options: Options) -> Iterator[int]:
        """Answer one prompt, a token at a time."""
        ...

    def render(self, messages: Sequence[Mapping[str, str]]) -> list[int]:
        """Turn a chat into tokens, up to where the assistant is to speak."""
        ...


def generator(model: object) -> LanguageModel:
    """Return a model as what it is here; TypeError when it is no language model."""
    if not isinstance(model, LanguageModel):
        raise TypeError("this is no language model")
    return model


def trim(row: np.ndarray, length: int) -> list[int]:
    """Return the tokens of a row without what fills it up."""
    return [int(token) for token in row[:length]]
