"""Texts from others, such as names in the data: they can change neither a terminal nor a page."""

import re

# Control characters, marks that turn the writing direction, ends of lines, halves of characters.
# U+2068 and U+2069 may stay: between them a text of another direction keeps to itself.
UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066\u2067\ud800-\udfff]")
SIGN = "\N{REPLACEMENT CHARACTER}"


def visible(text: str) -> str:
    """Put a sign in place of each character that would not be seen but change what is."""
    return UNSAFE.sub(SIGN, text)


def visible_lines(text: str) -> str:
    """Do the same, and leave ends of lines alone."""
    return "\n".join(map(visible, text.split("\n")))
