"""A tokenizer as llama.cpp has it, from the tokenizer.json of a Transformers folder."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf

from ...errors import UserError
from .shapes import CONVERTER

# How texts are split before tokens are looked for. llama.cpp knows the ways of some tokenizers by
# a name: https://github.com/ggml-org/llama.cpp (src/llama-vocab.cpp).
CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
EXPRESSIONS = {
    CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}" + REST: "qwen2",
    CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}" + REST: "llama-bpe",
}
BYTES = {"type": "ByteLevel", "add_prefix_space": False}
WHOLE_WORDS_FIRST = {"llama-bpe"}  # a word that is a token is not merged from its parts


@dataclass(frozen=True)
class Vocabulary:
    """Tokens, and how a text becomes a list of them."""

    tokens: list[str]
    kinds: list[gguf.TokenType]
    merges: list[str]
    split: str
    begins: int | None
    """the token that every text begins with, if there is one"""
    pads: int | None
    stops: list[int]
    template: str
    """Jinja, from a chat's messages to its text"""
    composes: bool
    """whether the tokenizer composes accents and letters (NFC), which llama.cpp does not"""


def read_vocabulary(folder: Path, size: int, stops: Sequence[int]) -> Vocabulary:
    """Read the tokenizer in a Transformers folder; `size` is the number of rows of the embedding.

    Raises UserError for a tokenizer that is not written here.
    """
    table = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    model = table["model"]
    split = split_of(table)
    if not split or bool(model.get("ignore_merges")) != (split in WHOLE_WORDS_FIRST):
        raise UserError(f"GGUF is not written here for a tokenizer of this kind: {CONVERTER}")
    tokens, kinds = tokens_of(model["vocab"], table["added_tokens"], size)
    pairs = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
    settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    first = first_token(table.get("post_processor"))
    return Vocabulary(
        tokens=tokens,
        kinds=kinds,
        merges=pairs,
        split=split,
        begins=tokens.index(first) if first else None,
        pads=tokens.index(settings["pad_token"]) if settings.get("pad_token") else None,
        stops=list(stops),
        template=(folder / "chat_template.jinja").read_text(encoding="utf-8"),
        composes=bool(table.get("normalizer")),
    )


def split_of(table: Mapping[str, Any]) -> str:
    """Name how a tokenizer splits texts; empty where llama.cpp's way is not known here."""
    normalizer = (table.get("normalizer") or {"type": "NFC"})["type"]
    whole = table.get("pre_tokenizer") or {}
    *before, last = whole.get("pretokenizers", [whole])
    if table["model"]["type"] != "BPE" or normalizer != "NFC" or not BYTES.items() <= last.items():
        return ""
    if last["use_regex"]:  # GPT-2's expression, after digits where they stand alone
        digits = {"type": "Digits", "individual_digits": True}
        return {str([]): "gpt-2", str([digits]): "smollm"}.get(str(before), "")
    if len(before) != 1 or before[0].get("behavior") != "Isolated" or before[0].get("invert"):
        return ""
    return EXPRESSIONS.get(before[0].get("pattern", {}).get("Regex", ""), "")


def tokens_of(
    words: Mapping[str, int], added: Sequence[Mapping[str, Any]], size: int
) -> tuple[list[str], list[gguf.TokenType]]:
    """List all tokens in their order, and what each is; rows without a token get a name."""
    tokens = [f"[PAD{number}]" for number in range(size)]
    kinds = [gguf.TokenType.UNUSED] * size
    for word, number in words.items():
        tokens[number], kinds[number] = word, gguf.TokenType.NORMAL
    for entry in added:
        special = gguf.TokenType.CONTROL if entry["special"] else gguf.TokenType.USER_DEFINED
        tokens[entry["id"]], kinds[entry["id"]] = entry["content"], special
    return tokens, kinds


def first_token(processor: Mapping[str, Any] | None) -> str:
    """Name the token that a tokenizer puts before every text; empty where it puts none."""
    steps = (processor or {}).get("processors", [processor or {}])
    for step in steps:
        for part in step.get("single", [])[:1]:
            if "SpecialToken" in part:
                return str(part["SpecialToken"]["id"])
    return ""


def add_vocabulary(writer: gguf.GGUFWriter, vocabulary: Vocabulary) -> None:
    """Write the tokenizer into a file's head."""
    writer.add_tokenizer_model("gpt2")  # the algorithm: byte-level byte-pair encoding
    writer.add_tokenizer_pre(vocabulary.split)
    writer.add_token_list(vocabulary.tokens)
    writer.add_token_types(vocabulary.kinds)
    writer.add_token_merges(vocabulary.merges)
    writer.add_add_bos_token(vocabulary.begins is not None)
    if vocabulary.begins is not None:
        writer.add_bos_token_id(vocabulary.begins)
    if vocabulary.pads is not None:
        writer.add_pad_token_id(vocabulary.pads)
    writer.add_eos_token_id(vocabulary.stops[0])
    if len(vocabulary.stops) > 1:
        writer.add_eot_token_id(vocabulary.stops[1])
    writer.add_chat_template(vocabulary.template)
