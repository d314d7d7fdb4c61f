"""Texts as numbers: the bytes of UTF-8, each plus one. No framework, and no vocabulary.

A text is brought into Unicode's normal form NFC, so that it does not matter whether é is one
character or two. What is no character, half of a surrogate pair, becomes U+FFFD. Bytes beyond the
length are cut off, even within a character; 0 fills up what is left.

Web pages and apps make the same numbers in their own languages: what changes here has to change
there, and `cases.json` of an export shows whether it did.
"""

import unicodedata
from collections.abc import Sequence

import numpy as np

CODES = 257
"""how many different numbers there are"""


def whole(text: str) -> str:
    """Return a text without halves of surrogate pairs: each becomes U+FFFD."""
    # UTF-16 pairs surrogates where they make a character; what is left alone is no character.
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def to_bytes(text: str) -> bytes:
    """Return a text as the network reads it, before it is cut."""
    return unicodedata.normalize("NFC", whole(text)).encode()


def encode(texts: Sequence[str], length: int) -> np.ndarray:
    """Turn texts into numbers from 0 to CODES - 1, int32 [n, length]."""
    codes = np.zeros((len(texts), length), np.int32)
    for row, text in zip(codes, texts, strict=True):
        found = np.frombuffer(to_bytes(text)[:length], np.uint8)
        row[: len(found)] = found
        row[: len(found)] += 1
    return codes


def decode(codes: np.ndarray) -> str:
    """Turn the numbers of one text, [length], back into it; half a character becomes U+FFFD."""
    return (codes[codes > 0] - 1).astype(np.uint8).tobytes().decode("utf-8", "replace")


def count_cut(texts: Sequence[str], length: int) -> int:
    """Count the texts with more bytes than are read."""
    return sum(len(to_bytes(text)) > length for text in texts)
