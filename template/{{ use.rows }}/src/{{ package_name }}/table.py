"""Read a table, CSV or Parquet, as columns of texts."""

from collections.abc import Collection
from pathlib import Path

import polars

from . import delimited
from .errors import UserError

Table = dict[str, list[str]]

SAMPLE = 2**20  # bytes that are looked at to tell the encoding


def read_table(file: Path, notes: list[str] | None = None, commas: Collection[str] = ()) -> Table:
    """Read a file as columns of texts by name; a missing value is an empty text.

    Encoding and delimiter of a CSV are found by themselves; `notes` gets a line where the encoding
    is a guess. `commas` names columns whose texts are to have a decimal comma, also those made of a
    Parquet's numbers. Raises UserError when the file is missing, empty, damaged, or no table.
    """
    if not file.is_file():
        raise UserError(f"there is no file {file}")
    if file.suffix.lower() in (".parquet", ".pq"):
        return read_parquet(file, commas)
    return read_csv(file, [] if notes is None else notes)


def read_csv(file: Path, notes: list[str]) -> Table:
    """Read a CSV whose first line names the columns; all values stay texts."""
    try:
        table = delimited.parse(decode(file, notes))
    except ValueError as error:
        raise UserError(f"{file} is not a table that can be read: {error}") from error
    if all(name.replace(".", "").isdigit() for name in table):
        raise UserError(f"the first line of {file} must name the columns; it has numbers only")
    return table


def read_parquet(file: Path, commas: Collection[str]) -> Table:
    """Read a Parquet file; its values become texts."""
    try:
        read = polars.read_parquet(file)
        frame = read.cast(polars.String)
    except (polars.exceptions.PolarsError, OSError) as error:
        reason = str(error).partition("\n")[0][:200]
        raise UserError(f"{file} is not a table that can be read: {reason}") from error
    names = [name.strip() for name in frame.columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UserError(f"{file} has two columns named {twice[0]!r}")
    if frame.height == 0:
        raise UserError(f"{file} has no rows")
    table = {name: frame[:, i].fill_null("").to_list() for i, name in enumerate(names)}
    for name, kind in zip(names, read.dtypes, strict=True):
        if name in commas and kind.is_numeric():
            table[name] = [text.replace(".", ",") for text in table[name]]
    return table


def decode(file: Path, notes: list[str]) -> str:
    """Decode a text file: UTF-8, UTF-16 by its mark, or what charset-normalizer finds."""
    content = file.read_bytes()
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\0" in content:
        raise UserError(f"{file} has NUL bytes: it is no CSV, or not in UTF-8")
    else:
        encoding = "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        import charset_normalizer  # most files need no guess

        found = list(charset_normalizer.from_bytes(content[:SAMPLE]))
        if not found:
            raise UserError(f"the encoding of {file} is unknown; save it as UTF-8") from None
        # Where others fit as well as the best, Windows' Western one is by far the most frequent.
        best = [match for match in found if match.chaos == found[0].chaos]
        fitting = {name for m in best for name in (m.encoding, *m.could_be_from_charset)}
        encoding = "cp1252" if "cp1252" in fitting else found[0].encoding
        notes.append(f"note: {file} is not UTF-8; read as {encoding}")
        return content.decode(encoding, errors="replace")
