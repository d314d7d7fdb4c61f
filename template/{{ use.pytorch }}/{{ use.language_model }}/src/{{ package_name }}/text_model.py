"""The trained model in PyTorch: how probable tokens are, and answers, many at once or streamed."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from . import bases
from .generation import Options
from .rendering import Renderer
from .signature import Batch, concatenate, count

LOGIT_BYTES = 64 * 2**20  # of the scores of all tokens, computed at once
TOGETHER = 128  # answers that are written at once


class TextModel:
    """A LanguageModel, as generation.py describes it."""

    def __init__(self, module: nn.Module, device: torch.device, tokenizer: Any = None) -> None:
        self.module = module
        self.network: Any = module.network
        facts: Any = module.facts
        self.facts: dict[str, Any] = facts
        self.device = device
        self.stop: list[int] = self.facts["stop"]
        self.tokenizer = tokenizer or bases.tokenizer_of(self.facts)

    @torch.inference_mode()
    def __call__(self, batch: Batch) -> Batch:
        """Say how probable each token was, a bounded piece at a time."""
        self.module.eval()
        tokens, lengths = batch["tokens"], batch["lengths"]
        size = 4 * max(tokens.shape[1], 1) * int(self.facts["vocabulary"])
        rows = max(LOGIT_BYTES // size, 1)
        pieces = []
        for first in range(0, max(count(batch), 1), rows):
            part = (self.tensor(array[first : first + rows]) for array in (tokens, lengths))
            pieces.append({"log_probabilities": self.module(*part)[0].cpu().numpy()})
        return concatenate(pieces)

    def tensor(self, array: Any) -> Tensor:
        """Put an array on the device."""
        return torch.from_numpy(array).to(self.device)

    @torch.inference_mode()
    def generate(self, prompts: Sequence[Sequence[int]], options: Options) -> list[list[int]]:
        """Answer prompts, many at once; with a temperature, one after the other."""
        self.module.eval()
        if options.temperature:
            return [list(self.stream(prompt, options)) for prompt in prompts]
        # Prompts of one length need no filling up, which would change the last bits of the sums.
        groups: dict[int, list[int]] = {}
        for place, prompt in enumerate(prompts):
            groups.setdefault(len(prompt), []).append(place)
        found: dict[int, list[int]] = {}
        for places in groups.values():
            for first in range(0, len(places), TOGETHER):
                part = places[first : first + TOGETHER]
                answers = self.write([prompts[place] for place in part], options.most)
                found |= dict(zip(part, answers, strict=True))
        return [found[place] for place in range(len(prompts))]

    def write(self, prompts: Sequence[Sequence[int]], most: int) -> list[list[int]]:
        """Answer prompts of one length, always with the most probable token."""
        tokens = torch.tensor(prompts, device=self.device)
        answers: list[list[int]] = [[] for _ in prompts]
        going = torch.ones(len(prompts), dtype=torch.bool, device=self.device)
        stop = torch.tensor(self.stop, device=self.device)
        cache = None
        for _ in range(most):
            found = self.network(input_ids=tokens, cache=cache, use_cache=True)
            cache = found.cache
            tokens = found.logits[:, -1].argmax(-1, keepdim=True)
            going &= ~torch.isin(tokens[:, 0], stop)
            if not going.any():
                break
            steps = zip(answers, tokens[:, 0].tolist(), going.tolist(), strict=True)
            for answer, token, goes_on in steps:
                if goes_on:
                    answer.append(token)
        return answers

    @torch.inference_mode()
    def stream(self, prompt: Sequence[int], options: Options) -> Iterator[int]:
        """Answer one prompt, a token at a time."""
        self.module.eval()
        generator = torch.Generator().manual_seed(options.seed)
        tokens, cache = torch.tensor([prompt], device=self.device), None
        for _ in range(options.most):
            found = self.network(input_ids=tokens, cache=cache, use_cache=True)
            cache = found.cache
            token = choose(found.logits[0, -1].float().cpu(), options, generator)
            if token in self.stop:
                return
            yield token
            tokens = torch.tensor([[token]], device=self.device)

    def render(self, messages: Sequence[Mapping[str, str]]) -> list[int]:
        """Turn a chat into tokens, up to where the assistant is to speak."""
        return Renderer(self.tokenizer, self.stop).tokens(messages, answers=True)


def choose(logits: Tensor, options: Options, generator: torch.Generator) -> int:
    """Choose the next token by its scores, [vocabulary].

    Source of `top_p`: A. Holtzman et al. (2019), The Curious Case of Neural Text Degeneration,
    arXiv:1904.09751.
    """
    if not options.temperature:
        return int(logits.argmax())
    probabilities, tokens = (logits / options.temperature).softmax(-1).sort(descending=True)
    before = probabilities.cumsum(-1) - probabilities
    probabilities = torch.where(before < options.top_p, probabilities, 0.0)
    return int(tokens[torch.multinomial(probabilities, 1, generator=generator)])
