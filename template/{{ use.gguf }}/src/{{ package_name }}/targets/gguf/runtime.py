"""The model in llama.cpp: how probable tokens are, and answers, by the file's own tokenizer."""

import unicodedata
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from ...chat_model import ChatModel
from ...errors import UserError
from ...generation import Options
from ...manifest import Manifest
from ...signature import Batch
from .engine import Engine, Line

LINES = 4  # chats that are computed at once
FORCED = 1e6  # a bias beside which all scores are nothing
SMALLEST = float(np.log(np.finfo(np.float32).smallest_subnormal))  # llama.cpp's 0, as a logarithm
SEEDS = 2**32 - 1  # this one itself would be a seed by chance


class LlamaCpp:
    """A ChatModel; threads may share it."""

    def __init__(self, engine: Engine, manifest: Manifest) -> None:
        self.engine = engine
        self.context: int = manifest.details["context"]
        self.stop = frozenset(manifest.facts["stop"])
        self.end: int = manifest.facts["stop"][0]
        self.vocabulary: int = manifest.facts["vocabulary"]
        self.special = frozenset(manifest.details["special"])
        self.composes: bool = manifest.details["composes"]
        self.workers = ThreadPoolExecutor(LINES, "llama.cpp")

    def close(self) -> None:
        """Stop the engine."""
        self.workers.shutdown()
        self.engine.close()

    def __call__(self, batch: Batch) -> Batch:
        """Say how probable each token was, as generation.py describes it."""
        tokens, lengths = batch["tokens"], batch["lengths"][:, 0]
        rows = [row[:length].tolist() for row, length in zip(tokens, lengths, strict=True)]
        found = np.zeros(tokens.shape, np.float32)
        for place, scores in enumerate(self.workers.map(self.score, rows)):
            found[place, 1 : 1 + len(scores)] = scores
        return {"log_probabilities": found}

    def score(self, row: list[int]) -> list[float]:
        """Say how probable each token but the first was."""
        with self.engine.line() as line:
            return [self.log_probability(line, row[:k], row[k]) for k in range(1, len(row))]

    def log_probability(self, line: Line, before: list[int], token: int) -> float:
        """Say how probable a token is after others.

        llama.cpp tells it of the token that it chooses, and before anything that changes scores: so
        it is made to choose this one. Of tokens that only begin a character it tells nothing; then
        it has to tell it of all tokens, while it chooses one that ends the answer.
        """
        answer = line.next(before, **forced(token), n_probs=1)
        if "completion_probabilities" not in answer:
            answer = line.next(before, **forced(self.end), n_probs=self.vocabulary)
        chosen = answer["completion_probabilities"][0]
        known: dict[int, float] = {
            entry["id"]: entry["logprob"] for entry in (chosen, *chosen["top_logprobs"])
        }
        return max(known[token], SMALLEST)

    def generate(self, prompts: Sequence[Sequence[int]], options: Options) -> list[list[int]]:
        """Answer prompts; returns the tokens of each answer without the stop token."""
        return list(self.workers.map(lambda prompt: list(self.stream(prompt, options)), prompts))

    def stream(self, prompt: Sequence[int], options: Options) -> Generator[int, None, None]:
        """Answer one prompt, a token at a time; UserError for one that is too long.

        llama.cpp's own stream leaves tokens out that are parts of a character, so each token is a
        request of its own, which takes less than a millisecond beside the computation.
        """
        tokens, room = list(prompt), self.context - len(prompt)
        if not 0 <= room < self.context:
            raise UserError(f"a chat has 1 to {self.context} tokens, its answer included")
        with self.engine.line() as line:
            for step in range(min(options.most, room)):
                token = line.next(tokens, **sampling(options, step))["tokens"][0]
                if token in self.stop:
                    return
                yield token
                tokens.append(token)

    def render(self, messages: Sequence[Mapping[str, str]]) -> list[int]:
        """Turn a chat into tokens, up to where the assistant is to speak.

        Raises UserError for a chat that the template does not take.
        """
        chat = [dict(message) for message in messages]
        for message in chat if self.composes else []:
            # What the tokenizer does first, and llama.cpp leaves to others.
            message["content"] = unicodedata.normalize("NFC", message["content"])
        text = self.engine.ask("/apply-template", {"messages": chat})["prompt"]
        body = {"content": text, "add_special": True, "parse_special": True}
        return [int(token) for token in self.engine.ask("/tokenize", body)["tokens"]]

    def text(self, tokens: Sequence[int]) -> str:
        """Turn tokens into text; those that only structure a chat have none."""
        kept = [token for token in tokens if token not in self.special]
        return str(self.engine.ask("/detokenize", {"tokens": kept})["content"]) if kept else ""


def forced(token: int) -> dict[str, Any]:
    """Say that llama.cpp is to choose this token, whatever its score is."""
    return {"logit_bias": [[token, FORCED]], "samplers": [], "temperature": 0}


def sampling(options: Options, step: int) -> dict[str, Any]:
    """Say how llama.cpp chooses a token; each step has a seed of its own."""
    if not options.temperature:
        return {"temperature": 0, "samplers": ["temperature"]}
    return {
        "temperature": options.temperature,
        "top_p": options.top_p,
        "samplers": ["temperature", "top_p"],
        "seed": (options.seed * 1_000_003 + step) % SEEDS,
    }


def load(folder: Path, manifest: Manifest, precision: str) -> ChatModel:
    """Load the artifact in `folder`; UserError when llama.cpp cannot load its file."""
    context = manifest.details["context"]
    file = folder / manifest.file(precision)
    return LlamaCpp(Engine(file, LINES, context, precision == "float32"), manifest)
