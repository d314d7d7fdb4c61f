"""A pretrained encoder with a new last layer, of https://huggingface.co/docs/transformers."""

import importlib
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from . import encoder
from .config import Config
from .errors import UserError

Facts = dict[str, Any]


class Pretrained(nn.Module):
    """The encoder, the mean of what it makes of a text's tokens, and a layer for the classes."""

    def __init__(self, dropout: float, facts: Facts) -> None:
        super().__init__()
        transformers, about = load_transformers(), facts["encoder"]
        self.pad: int = about["pad"]
        try:
            config = transformers.AutoConfig.for_model(**about["config"])
            # `eager` is attention as plain operators, which every exporter knows.
            self.encoder: nn.Module = transformers.AutoModel.from_config(
                config, attn_implementation="eager", dtype=torch.float32
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            reason = str(error).partition("\n")[0]
            raise UserError(f"Transformers cannot make {about['name']}: {reason}") from error
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(config.hidden_size, len(facts["classes"]))

    def forward(self, tokens: Tensor) -> Tensor:
        """Map tokens [n, length] to logits [n, classes]."""
        known = tokens != self.pad
        found = self.encoder(input_ids=tokens.long(), attention_mask=known.long())
        weights = known[:, :, None].to(found.last_hidden_state.dtype)
        mean = (found.last_hidden_state * weights).sum(1) / weights.sum(1).clamp(min=1)
        logits: Tensor = self.head(self.dropout(mean))
        return logits

    def groups(self) -> list[list[nn.Parameter]]:
        """Return the parameters: the encoder's, then those of the new layer."""
        return [list(self.encoder.parameters()), list(self.head.parameters())]


def initialize(network: Pretrained, settings: Config) -> None:
    """Fill in the pretrained weights; UserError when they do not load."""
    folder = encoder.find(settings.data)
    try:
        trained, told = load_transformers().AutoModel.from_pretrained(
            folder,
            attn_implementation="eager",
            dtype=torch.float32,
            use_safetensors=True,
            local_files_only=True,
            output_loading_info=True,
        )
        network.encoder.load_state_dict(trained.state_dict())
    except Exception as error:  # of Transformers and safetensors: no narrower base
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise UserError(f"the weights in {folder} do not load: {reason}") from error
    # Left out by some that are published: the layer that only a task of pretraining used.
    missing = [name for name in told["missing_keys"] if "pooler" not in name]
    if missing:
        raise UserError(f"the weights in {folder} lack {', '.join(sorted(missing)[:3])}")


def load_transformers() -> ModuleType:
    """Import Transformers where an encoder is asked for: it takes seconds.

    An import by its name also keeps type checkers out of it, which take far longer.
    """
    try:
        transformers = importlib.import_module("transformers")
    except ImportError as error:
        raise UserError(
            "an encoder needs the package transformers: `uv add transformers`"
        ) from error
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    return transformers
