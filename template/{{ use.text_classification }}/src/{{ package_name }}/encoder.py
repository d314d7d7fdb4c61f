"""A pretrained encoder's own files: where they are, and its tokenizer. No framework here.

An encoder is a folder as https://huggingface.co/docs/transformers writes it: config.json,
tokenizer.json and *.safetensors. What is not weights becomes part of the run's facts, so that every
export carries it.
"""

import functools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from . import hub
from .errors import UserError
from .task import DataSettings

if TYPE_CHECKING:
    from tokenizers import Tokenizer

FILES = ("config.json", "tokenizer.json", "tokenizer_config.json", "*.safetensors*", "README.md")
MOST = 512  # tokens of a text, where the encoder does not say how many it takes

About = Mapping[str, Any]


def find(settings: DataSettings) -> Path:
    """Return the encoder's folder; one of the Hub is downloaded once. Raises UserError."""
    return hub.find(settings.encoder, settings.encoder_revision, "encoder", FILES)


def describe(settings: DataSettings) -> dict[str, Any]:
    """Read all of an encoder but its weights, as JSON.

    Returns its `name`, which is no path, `revision` and `licence`; `config` and `tokenizer`, the
    contents of these files; `pad`, the token that fills up; and `most`, the tokens it takes at
    most. Raises UserError where the folder is no encoder's.
    """
    folder = find(settings)
    config, options = hub.read_json(folder / "config.json", "an encoder"), {}
    if (folder / "tokenizer_config.json").is_file():
        options = hub.read_json(folder / "tokenizer_config.json", "an encoder")
    if "model_type" not in config:
        raise UserError(f"{folder}/config.json names no model_type, so it is no encoder's")
    if not any(folder.glob("*.safetensors")):
        raise UserError(f"{folder} has no weights in safetensors; other files are not loaded")
    about = {
        "name": folder.name if Path(settings.encoder).expanduser().is_dir() else settings.encoder,
        "revision": settings.encoder_revision,
        "licence": hub.licence(folder),
        "config": {key: value for key, value in config.items() if key != "_name_or_path"},
        "tokenizer": hub.read_json(folder / "tokenizer.json", "an encoder"),
    }
    return about | {"pad": pad_of(about, options), "most": most_of(config, options)}


def starts_from(settings: DataSettings) -> str:
    """Name an encoder, its commit and its licence, for the model card."""
    about = describe(settings)
    commit = f" at {about['revision']}" if about["revision"] else ""
    return f"{about['name']}{commit}, {about['licence']}"


def pad_of(about: About, options: Mapping[str, Any]) -> int:
    """Return the token that fills up what a text leaves free."""
    name = options.get("pad_token") or "[PAD]"
    name = name["content"] if isinstance(name, dict) else name  # as older tokenizers wrote it
    found = tokenizer(json.dumps(about["tokenizer"])).token_to_id(name)
    if found is None:
        found = about["config"].get("pad_token_id")
    if found is None:
        raise UserError(f"the tokenizer of {about['name']} names no pad_token")
    return int(found)


def most_of(config: Mapping[str, Any], options: Mapping[str, Any]) -> int:
    """Return how many tokens of a text the encoder takes at most."""
    limits = [options.get("model_max_length"), config.get("max_position_embeddings")]
    return int(min([limit for limit in limits if limit], default=MOST))


@functools.lru_cache(maxsize=2)
def tokenizer(text: str) -> "Tokenizer":
    """Make the tokenizer that a tokenizer.json describes; UserError when it describes none."""
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise UserError(
            "an encoder's texts need the package tokenizers: `uv add tokenizers`; servers' images"
            " get it by a line in their requirements.txt"
        ) from error
    try:
        return Tokenizer.from_str(text)
    except Exception as error:  # the library raises no narrower one
        raise UserError(f"the encoder's tokenizer.json describes no tokenizer: {error}") from error


def of(about: About) -> "Tokenizer":
    """Return an encoder's tokenizer, neither cutting nor filling up."""
    found = tokenizer(json.dumps(about["tokenizer"]))
    found.no_truncation()
    found.no_padding()
    return found


def encode(texts: Sequence[str], length: int, about: About) -> np.ndarray:
    """Turn texts into tokens, int32 [n, length]; what is longer is cut, the special ones kept."""
    found = of(about)
    found.enable_truncation(length)
    found.enable_padding(length=length, pad_id=about["pad"])
    rows = [row.ids for row in found.encode_batch(list(texts))]
    return np.array(rows, np.int32).reshape(len(texts), length)


def decode(codes: np.ndarray, about: About) -> str:
    """Turn the tokens of one text, [length], back into it, as far as they tell."""
    return of(about).decode(codes.tolist(), skip_special_tokens=True)


def sizes(texts: Sequence[str], about: About) -> np.ndarray:
    """Count the tokens of texts, [n]."""
    return np.array([len(row.ids) for row in of(about).encode_batch(list(texts))], int)


def vocabulary(about: About) -> int:
    """Return how many tokens the encoder knows."""
    return int(about["config"]["vocab_size"])
