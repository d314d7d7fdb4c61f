"""The model in ONNX Runtime genai: how probable tokens are, and answers, by its own tokenizer."""

import json
import os
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime_genai

from ...capture import capture
from ...chat_model import ChatModel
from ...errors import UserError
from ...generation import Options
from ...manifest import Manifest
from ...signature import Batch

SMALL = 128 * 2**20  # bytes of weights that several threads compute no sooner than one


class Genai:
    """A ChatModel; threads may share it."""

    def __init__(self, model: Any, tokenizer: Any, manifest: Manifest) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.context: int = manifest.details["context"]
        self.vocabulary: int = manifest.facts["vocabulary"]
        self.stop = frozenset(manifest.facts["stop"])
        self.special = frozenset(manifest.details["special"])

    def __call__(self, batch: Batch) -> Batch:
        """Say how probable each token was, as generation.py describes it."""
        tokens, lengths = batch["tokens"], batch["lengths"][:, 0]
        found = np.zeros(tokens.shape, np.float32)
        for row, length, scores in zip(tokens, lengths, found, strict=True):
            if length > 1:
                scores[1:length] = self.score(row[:length])
        return {"log_probabilities": found}

    def score(self, row: np.ndarray) -> np.ndarray:
        """Say how probable each token but the first was: [length - 1]."""
        generator = self.begin(row.tolist(), 0)
        scores = generator.get_output("logits")[0, :-1].astype(np.float64)
        scores -= scores.max(axis=-1, keepdims=True)
        chosen = np.take_along_axis(scores, row[1:, None], axis=-1)[:, 0]
        return np.asarray(chosen - np.log(np.exp(scores).sum(axis=-1)))

    def generate(self, prompts: Sequence[Sequence[int]], options: Options) -> list[list[int]]:
        """Answer prompts; returns the tokens of each answer without the stop token."""
        return [list(self.stream(prompt, options)) for prompt in prompts]

    def stream(self, prompt: Sequence[int], options: Options) -> Generator[int, None, None]:
        """Answer one prompt, a token at a time; UserError for one that is too long."""
        most = min(options.most, self.context - len(prompt))
        generator = self.begin(prompt, most, **sampling(options))
        for _ in range(most):
            generator.generate_next_token()
            token = int(generator.get_next_tokens()[0])
            if token in self.stop:
                return
            yield token
            if generator.is_done():
                return

    def begin(self, prompt: Sequence[int], most: int, **how: Any) -> Any:
        """Compute a prompt, to which at most so many tokens will be added."""
        if not prompt or most < 0:
            raise UserError(f"a chat has 1 to {self.context} tokens, its answer included")
        if not 0 <= min(prompt) <= max(prompt) < self.vocabulary:
            raise UserError(f"tokens are numbers from 0 to {self.vocabulary - 1}")
        parameters = onnxruntime_genai.GeneratorParams(self.model)
        parameters.set_search_options(max_length=len(prompt) + max(most, 1), **how)
        generator = onnxruntime_genai.Generator(self.model, parameters)
        generator.append_tokens(np.array([prompt], np.int32))
        return generator

    def render(self, messages: Sequence[Mapping[str, str]]) -> list[int]:
        """Turn a chat into tokens, up to where the assistant is to speak.

        Raises UserError for a chat that the template does not take.
        """
        chat = json.dumps([dict(message) for message in messages])
        try:
            text = self.tokenizer.apply_chat_template(chat, add_generation_prompt=True)
        except RuntimeError as error:
            raise UserError(f"the chat does not fit the model's template: {error}") from error
        return [int(token) for token in self.tokenizer.encode(text)]

    def text(self, tokens: Sequence[int]) -> str:
        """Turn tokens into text; those that only structure a chat have none."""
        kept = [token for token in tokens if token not in self.special]
        return str(self.tokenizer.decode(np.array(kept, np.int32))) if kept else ""


def sampling(options: Options) -> dict[str, Any]:
    """Say how ONNX Runtime genai chooses tokens."""
    if not options.temperature:
        return {"do_sample": False}
    return {
        "do_sample": True,
        "temperature": options.temperature,
        "top_k": 0,
        "top_p": options.top_p,
        "random_seed": options.seed % 2**31,
    }


def load(folder: Path, manifest: Manifest, precision: str) -> ChatModel:
    """Load the artifact in `folder`; UserError when ONNX Runtime genai cannot."""
    size = manifest.bytes(precision)
    session = {
        "log_severity_level": 4,  # what is wrong comes as an exception as well
        "intra_op_num_threads": 1 if size < SMALL else os.cpu_count() or 1,
    }
    changes = {"model": {"decoder": {"session_options": session}}}
    try:
        with capture():
            config = onnxruntime_genai.Config(str(folder))
            config.overlay(json.dumps(changes))
            model = onnxruntime_genai.Model(config)
            return Genai(model, onnxruntime_genai.Tokenizer(model), manifest)
    except Exception as error:  # its exceptions share no narrower base
        reason = str(error).strip().partition("\n")[0]
        raise UserError(f"{folder} is no model that ONNX Runtime genai loads: {reason}") from error
