"""Texts as the network reads them: as bytes, or as the tokens of a pretrained encoder."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from . import encoder, tokens

Facts = Mapping[str, Any]


def encode(texts: Sequence[str], facts: Facts) -> np.ndarray:
    """Turn texts into the network's numbers, int32 [n, length]."""
    if about := facts.get("encoder"):
        return encoder.encode(list(map(tokens.whole, texts)), facts["length"], about)
    return tokens.encode(texts, facts["length"])


def decode(codes: np.ndarray, facts: Facts) -> str:
    """Turn the numbers of one text, [length], back into it, as far as they tell."""
    if about := facts.get("encoder"):
        return encoder.decode(codes, about)
    return tokens.decode(codes)


def measure(texts: Sequence[str], about: encoder.About | None) -> np.ndarray:
    """Count how many numbers stand for each text as a whole, [n]; `about` is an encoder."""
    if about:
        return encoder.sizes(list(map(tokens.whole, texts)), about)
    return np.array([len(tokens.to_bytes(text)) for text in texts], int)


def highest(facts: Facts) -> int:
    """Return the highest number that a text may have."""
    if about := facts.get("encoder"):
        return encoder.vocabulary(about) - 1
    return tokens.CODES - 1


def filling(facts: Facts) -> int:
    """Return the number that fills up what a text leaves free."""
    return int(facts["encoder"]["pad"]) if facts.get("encoder") else 0


def unit(facts: Facts) -> str:
    """Name what is counted when a text's length is."""
    return "tokens" if facts.get("encoder") else "bytes"
