"""The model: how it is built, what it learns from, and the module that is served."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from . import bases
from .chance import Chance
from .config import Config
from .dataset import Dataset, Split
from .network import Facts, add_adapter, is_adapter, load_base
from .packing import NOTHING
from .signature import Predict, Signature

FIGURES: tuple[str, ...] = ()  # what `loss` returns beside the loss


def build(settings: Config, facts: Facts) -> nn.Module:
    """Build the network that `facts` name: a base, and its adapter where one is tuned."""
    network = load_base(settings, facts)
    if settings.model.tuning not in ("auto", "full"):
        network = add_adapter(network, settings)
    if settings.model.activation_checkpointing:
        enable: Any = network
        enable.activation_checkpointing_enable()
    return network


def initialize(network: nn.Module, settings: Config) -> None:
    """Put other weights than new ones in place: `build` has loaded the base's."""


def starts_from(settings: Config) -> str:
    """Say which weights a network begins with, and their licence."""
    if settings.data.base == bases.TINY:
        return ""
    about = bases.describe(settings.data)
    commit = f" at {about['revision']}" if about["revision"] else ""
    return f"{about['base_name']}{commit}, {about['licence']}"


def precompute(network: nn.Module, split: Split, settings: Config) -> Split:
    """Return the split to learn from: as it is, since every layer takes part."""
    return split


def calibrate(network: nn.Module, predict: Predict, dataset: Dataset) -> None:
    """Change what is measured once the training is over: here there is nothing."""


class ServingModule(nn.Module):
    """The trained model as its users see it: tokens in, how probable each of them was out."""

    def __init__(self, network: nn.Module, facts: Facts) -> None:
        super().__init__()
        self.network = network
        self.facts = facts

    def forward(self, tokens: Tensor, lengths: Tensor) -> tuple[Tensor]:
        """Map tokens [n, length] and lengths [n, 1] to log-probabilities [n, length].

        They are 0 for the first token of a row, and behind its end.
        """
        tokens = tokens.long()
        logits = self.network(input_ids=tokens, use_cache=False).logits[:, :-1].float()
        following = tokens[:, 1:, None]
        found = logits.gather(2, following)[..., 0] - logits.logsumexp(2)
        found = functional.pad(found, (1, 0))
        places = torch.arange(tokens.shape[1], device=tokens.device)
        return (torch.where(places < lengths, found, 0.0),)


def as_function(module: nn.Module, signature: Signature, device: torch.device) -> Predict:
    """Make a function of the served module that writes answers, too."""
    from .text_model import TextModel

    return TextModel(module, device)


def weight(batch: dict[str, Tensor]) -> float:
    """Return how much a batch counts: one for each token that is learnt."""
    return float((batch["targets"] != NOTHING).sum())


def loss(
    network: Callable[..., Any],
    batch: dict[str, Tensor],
    settings: Config,
    facts: Facts,
    chance: Chance,
) -> tuple[Tensor, list[Tensor]]:
    """Return the sum of the cross-entropies of the tokens to learn.

    Positions that begin again keep the chats of a row apart, as long as no mask is given:
    https://huggingface.co/docs/transformers/main/en/kernel_doc/packing
    """
    found = network(
        input_ids=batch["tokens"].long(), position_ids=batch["positions"].long(), use_cache=False
    )
    logits = found.logits.float().flatten(0, 1)
    targets = batch["targets"].long().flatten()
    total = functional.cross_entropy(logits, targets, ignore_index=NOTHING, reduction="sum")
    return total, []


def trainable(network: nn.Module) -> list[list[nn.Parameter]]:
    """Return what the optimizer changes, in one group: all weights, or the adapter's."""
    return [[weight for weight in network.parameters() if weight.requires_grad]]


def rate_shares(settings: Config, epochs: np.ndarray) -> np.ndarray:
    """Return each group's share of the learning rate, [steps, groups]: all of it for the one."""
    return np.ones((len(epochs), 1), np.float32)


def saved(network: nn.Module) -> dict[str, Tensor]:
    """Return what checkpoints and the model keep, by name: all weights, or the adapter's.

    The base of an adapter stays where it is; the facts have its hash. Weights that have two names,
    as those of the first and the last layer may have, are kept once.
    """
    state = network.state_dict()
    if is_adapter(network):
        return {name: tensor for name, tensor in state.items() if ".lora_" in name}
    once = dict(network.named_parameters())
    doubled = {name for name, _ in network.named_parameters(remove_duplicate=False)} - once.keys()
    return {name: tensor for name, tensor in state.items() if name not in doubled}
