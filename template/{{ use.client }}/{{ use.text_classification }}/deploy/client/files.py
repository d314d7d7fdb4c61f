"""Texts: the lines of text files as the model's inputs, and its answers in words.

The server takes tensors; how many bytes of a text they have is in the artifact's manifest.json.
`tokens.py` is the same here and in the package: copy it when you change it there.
"""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tokens

LINE_ENDS = re.compile("\r\n|\r|\n")


def read(
    file: Path, facts: Mapping[str, Any], model: Any
) -> tuple[list[str], dict[str, np.ndarray]]:
    """Read the lines of a file: a name for each, and the model's input of it.

    Empty lines are left out. Raises OSError when there is no text.
    """
    found = read_lines(file)
    texts = [text for _, text in found]
    if cut := count_cut(texts, facts):
        most = f"{facts['length']} {'tokens' if 'encoder' in facts else 'bytes'}"
        note = f"note: {file}: {cut:,} of {len(found):,} texts are longer than {most}"
        print(printable(f"{note}, and what is beyond is not read"), file=sys.stderr)
    names = [f"{file}:{place}" for place, _ in found]
    return names, {model.inputs[0]["name"]: encode(texts, facts)}


def encode(texts: Sequence[str], facts: Mapping[str, Any]) -> np.ndarray:
    """Turn texts into the network's numbers: bytes, or the tokens of a pretrained encoder."""
    if "encoder" not in facts:
        return tokens.encode(texts, facts["length"])
    tokenizer = tokenizer_of(facts["encoder"])
    tokenizer.enable_truncation(facts["length"])
    tokenizer.enable_padding(length=facts["length"], pad_id=facts["encoder"]["pad"])
    rows = tokenizer.encode_batch([tokens.whole(text) for text in texts])
    return np.array([row.ids for row in rows], np.int32)


def count_cut(texts: Sequence[str], facts: Mapping[str, Any]) -> int:
    """Count the texts that have more than the network reads."""
    if "encoder" not in facts:
        return tokens.count_cut(texts, facts["length"])
    rows = tokenizer_of(facts["encoder"]).encode_batch([tokens.whole(text) for text in texts])
    return sum(len(row.ids) > facts["length"] for row in rows)


def tokenizer_of(encoder: Mapping[str, Any]) -> Any:
    """Make an encoder's tokenizer; OSError where its package is missing."""
    try:
        from tokenizers import Tokenizer
    except ImportError:
        raise OSError("this model's texts need the package tokenizers: install it") from None
    return Tokenizer.from_str(json.dumps(encoder["tokenizer"]))


def read_lines(file: Path) -> list[tuple[int, str]]:
    """Read the lines of a file that are not empty, with their numbers."""
    try:
        content = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise OSError(f"{file} is not UTF-8; save it as text in UTF-8") from None
    lines = [(n, text) for n, text in enumerate(LINE_ENDS.split(content), 1) if text.strip()]
    if not lines:
        raise OSError(f"{file} has no text")
    return lines


def answers(outputs: Mapping[str, np.ndarray], described: Sequence[Mapping[str, Any]]) -> list[str]:
    """Name the most probable class of each text, and how probable it is."""
    (target,) = described
    found = outputs[target["name"]]
    return [f"{printable(target['labels'][row.argmax()])} ({row.max():.1%})" for row in found]


def printable(text: str) -> str:
    """Replace what could change the terminal, such as marks that turn its direction."""
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )
