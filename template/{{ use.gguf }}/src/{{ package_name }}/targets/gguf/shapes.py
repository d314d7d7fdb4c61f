"""What llama.cpp has to know of a network: its shape, from a Transformers folder's config.json."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np

from ...errors import UserError

# The kinds of networks that are written here, by the `model_type` of config.json.
KINDS = {
    "llama": gguf.MODEL_ARCH.LLAMA,
    "qwen2": gguf.MODEL_ARCH.QWEN2,
    "qwen3": gguf.MODEL_ARCH.QWEN3,
}
CONVERTER = (
    "write its folder with `export safetensors`, and convert that with llama.cpp's own"
    " convert_hf_to_gguf.py"
)


@dataclass(frozen=True)
class Shape:
    """A network of one of the KINDS."""

    kind: str
    layers: int
    width: int
    hidden: int
    """numbers inside a feed-forward block"""
    heads: int
    key_heads: int
    """heads of keys and values, which several heads of queries may share"""
    head_width: int
    vocabulary: int
    context: int
    epsilon: float
    """of the RMS norms"""
    rotation: float
    """base of the rotary position embedding"""
    scaling: dict[str, float]
    """of Llama 3's rotary position embedding; empty for others"""
    tied: bool
    """whether the output layer is the embedding"""

    @property
    def architecture(self) -> gguf.MODEL_ARCH:
        """Name the kind as the package gguf does."""
        return KINDS[self.kind]

    def rotation_factors(self) -> np.ndarray:
        """Return what the wavelengths of the rotary position embedding are stretched by.

        [head_width / 2], as Llama 3 has it; empty where they are not.
        https://github.com/huggingface/transformers/blob/main/src/transformers/modeling_rope_utils.py
        """
        if not self.scaling:
            return np.zeros(0, np.float32)
        factor, context = self.scaling["factor"], self.scaling["original_max_position_embeddings"]
        low, high = self.scaling["low_freq_factor"], self.scaling["high_freq_factor"]
        turns = self.rotation ** (-np.arange(0, self.head_width, 2) / self.head_width)
        periods = context * turns / (2 * math.pi)  # that fit into the context
        smooth = np.clip((periods - low) / (high - low), 0, 1)
        return np.asarray(1 / ((1 - smooth) / factor + smooth), np.float32)


def read_shape(folder: Path) -> Shape:
    """Read a network's shape from a Transformers folder.

    Raises UserError for one that is not written here.
    """
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    check(config)
    rope = config.get("rope_parameters") or {}
    heads = config["num_attention_heads"]
    return Shape(
        kind=config["model_type"],
        layers=config["num_hidden_layers"],
        width=config["hidden_size"],
        hidden=config["intermediate_size"],
        heads=heads,
        key_heads=config.get("num_key_value_heads") or heads,
        head_width=config.get("head_dim") or config["hidden_size"] // heads,
        vocabulary=config["vocab_size"],
        context=config["max_position_embeddings"],
        epsilon=config["rms_norm_eps"],
        rotation=float(rope.get("rope_theta", 10_000.0)),
        scaling=dict(rope) if rope.get("rope_type") == "llama3" else {},
        tied=config["tie_word_embeddings"],
    )


def check(config: dict[str, Any]) -> None:
    """Refuse what would be computed in another way than here, with a sentence that says why."""
    kind = config.get("model_type")
    if kind not in KINDS:
        known = ", ".join(sorted(KINDS))
        raise UserError(f"GGUF is written here for {known}, not for {kind}: {CONVERTER}")
    rope = config.get("rope_parameters") or {}
    others = {
        "sliding windows": config.get("use_sliding_window"),
        "biases in attention": kind != "qwen2" and config.get("attention_bias"),
        "biases in feed-forward blocks": config.get("mlp_bias"),
        "scaled positions": rope.get("rope_type", "default") not in ("default", "llama3"),
        "quantised weights": config.get("quantization_config"),
        "an activation other than SiLU": config.get("hidden_act") != "silu",
    }
    found = [name for name, there in others.items() if there]
    if found:
        raise UserError(f"GGUF is not written here for {kind} with {found[0]}: {CONVERTER}")


def add_shape(writer: gguf.GGUFWriter, shape: Shape) -> None:
    """Write the shape into a file's head."""
    writer.add_vocab_size(shape.vocabulary)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.key_heads)
    writer.add_key_length(shape.head_width)
    writer.add_value_length(shape.head_width)
    writer.add_rope_dimension_count(shape.head_width)
    writer.add_rope_freq_base(shape.rotation)
    writer.add_layer_norm_rms_eps(shape.epsilon)
