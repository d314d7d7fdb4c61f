"""Texts to try exports with: some of the test split, and some that programs get wrong."""

from collections.abc import Sequence

import numpy as np

TEXTS = 12  # of the test split

# Characters of one to four bytes, marks that follow their letter, scripts from right to left.
DIFFICULT = (
    "a",
    " two  spaces,\ta tab\nand a line ",
    "cafe\u0301 d\u00e9ja\u0300 vu",  # é as two characters and as one
    "\u1112\u1161\u11ab\u1100\u1173\u11af",  # Korean in its single letters
    "\u0627\u0644\u0633\u0644\u0627\u0645 \u05e9\u05dc\u05d5\u05dd",
    "\U0001f469\u200d\U0001f469\u200d\U0001f466 \U0001f1ea\U0001f1fa \u2764\ufe0f",
    "\ufeffa mark, \u200b, a NUL \0 and \ufffd",
    "\u212b \u2126 \u0958 \ufb01",  # of these, all but the last have another normal form
)


def choose(texts: Sequence[str], length: int) -> list[str]:
    """Choose texts of the test split, evenly spread, and add difficult ones of any length."""
    places = np.linspace(0, len(texts) - 1, min(len(texts), TEXTS)).astype(int)
    long = ["x" * (length - 1) + "\u20ac", "\U0001f600" * length]  # cut within a character
    return [*dict.fromkeys([*(texts[place] for place in places), *DIFFICULT, *long])]
