"""The built-in data: sentences of Django's user interface in 24 languages.

They are read from the catalogues of translations that the package brings along, in the format of
GNU gettext: https://www.gnu.org/software/gettext/manual/html_node/MO-Files.html.
"""

import re
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

from . import installed
from .errors import UserError

PACKAGE, NAME, LICENCE = "django", "Sentences in 24 languages (Django)", "BSD-3-Clause"
LANGUAGES = {
    "bg": "Bulgarian",
    "ca": "Catalan",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "es": "Spanish",
    "et": "Estonian",
    "fi": "Finnish",
    "fr": "French",
    "hr": "Croatian",
    "hu": "Hungarian",
    "it": "Italian",
    "lt": "Lithuanian",
    "lv": "Latvian",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sk": "Slovak",
    "sl": "Slovenian",
    "sv": "Swedish",
    "tr": "Turkish",
}
SHORTEST = 6  # characters: shorter ones are the same word in several languages
# What stands for a value or for markup is in no language.
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[a-z]|\{[^}]*\}|<[^>]+>|&\w+;")
MAGIC = 0x950412DE


def load() -> tuple[list[str], list[str], list[str]]:
    """Return the texts, their languages, and the English sentences that they translate.

    Raises UserError when the package is not installed, or has no catalogues.
    """
    folder = installed.folder(PACKAGE, "languages")
    catalogues = sorted(folder.glob("**/locale"))
    texts, labels, sources = [], [], []
    for code, language in LANGUAGES.items():
        seen: set[str] = set()
        for file in in_language(code, catalogues):
            for source, translation in read(file):
                text = " ".join(PLACEHOLDER.sub(" ", translation).split())
                if text not in seen and text != source and len(text) >= SHORTEST:
                    seen.add(text)
                    texts.append(text)
                    labels.append(language)
                    sources.append(source)
    if not texts:
        raise UserError(f"{PACKAGE} is installed without its translations; install it again")
    return texts, labels, sources


def in_language(code: str, catalogues: Iterable[Path]) -> list[Path]:
    """List the files of a language in some folders of catalogues."""
    return [x for path in catalogues for x in sorted((path / code / "LC_MESSAGES").glob("*.mo"))]


def read(file: Path) -> Iterator[tuple[str, str]]:
    """Read the sentences of a catalogue and their translations, without those that have plurals."""
    content = file.read_bytes()
    magic, _, count, originals, translations = struct.unpack_from("<5I", content)
    if magic != MAGIC:
        raise UserError(f"{file} is no catalogue of translations")
    for place in range(count):
        source = entry(content, originals + 8 * place)
        if source and "\0" not in source:  # the empty one is the head of the catalogue
            # Before \4 stands where a sentence is used.
            yield source.rpartition("\4")[2], entry(content, translations + 8 * place)


def entry(content: bytes, place: int) -> str:
    """Return the text to which an entry of a table points: its length, and its offset."""
    length, offset = struct.unpack_from("<2I", content, place)
    return content[offset : offset + length].decode("utf-8")
