"""Texts: the lines of text files as the model's inputs, and its answers in words.

The server takes tensors; how many bytes of a text they have is in the artifact's manifest.json.
`tokens.py` is the same here and in the package: copy it when you change it there.
"""

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import manifest
import numpy as np
import tokens

LINE_ENDS = re.compile("\r\n|\r|\n")


def read(arguments: argparse.Namespace, model: Any) -> tuple[list[str], dict[str, np.ndarray]]:
    """Read the lines of all files: a name for each, and the model's input of it.

    Empty lines are left out. Raises OSError when a file has no text, or the manifest is another
    model's.
    """
    about = manifest.read(arguments.manifest)
    check(arguments.manifest, about, model)
    facts = about["facts"]
    names: list[str] = []
    texts: list[str] = []
    for file in arguments.files:
        found = read_lines(file)
        if cut := count_cut([text for _, text in found], facts):
            most = f"{facts['length']} {'tokens' if 'encoder' in facts else 'bytes'}"
            note = f"note: {file}: {cut:,} of {len(found):,} texts are longer than {most}"
            print(printable(f"{note}, and what is beyond is not read"), file=sys.stderr)
        names += [f"{file}:{place}" for place, _ in found]
        texts += [text for _, text in found]
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


def check(file: Path, about: Mapping[str, Any], model: Any) -> None:
    """Raise OSError where a manifest is not that of the model that the server has.

    Another run may read another length of a text, and have other classes.
    """
    given = [(tensor["name"], [*tensor["shape"]]) for tensor in about["signature"]["inputs"]]
    wanted = [(tensor["name"], [*tensor["shape"]]) for tensor in model.inputs]
    if given != wanted or about["run"] != model.run:
        raise OSError(
            f"{file} is of run {about['run']}, and the server has run {model.run}; see --manifest"
        )


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
