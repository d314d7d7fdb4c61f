"""Read a table, CSV, JSON Lines or Parquet, as columns of texts."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import polars

from . import delimited
from .errors import UserError

Table = dict[str, list[str]]
Kinds = Mapping[str, tuple[type, ...]]
"""what values of some columns have to be: TEXTS or PLAIN"""
TEXTS: tuple[type, ...] = (str,)
PLAIN: tuple[type, ...] = (str, int, float)
OTHERS = {list: "a list", dict: "an object", bool: "true or false"}  # the rest is numbers

SAMPLE = 2**20  # bytes that are looked at to tell the encoding


def read_table(
    file: Path,
    notes: list[str] | None = None,
    commas: Collection[str] = (),
    kinds: Kinds | None = None,
) -> Table:
    """Read a file as columns of texts by name; a missing value is an empty text.

    Encoding and delimiter of a CSV are found by themselves; `notes` gets a line where the encoding
    is a guess. `commas` names columns whose texts are to have a decimal comma, also those made of
    numbers of the other formats; `kinds` are held against values of the other formats, which may be
    missing. Raises UserError when the file is missing, empty, damaged, no table, or not of `kinds`.
    """
    if not file.is_file():
        raise UserError(f"there is no file {file}")
    if file.suffix.lower() in (".parquet", ".pq"):
        return read_parquet(file, commas, kinds or {})
    if file.suffix.lower() in (".jsonl", ".ndjson"):
        return read_json_lines(file, commas, kinds or {})
    if file.suffix.lower() in (".xlsx", ".xls", ".ods"):
        raise UserError(f"save {file} as CSV: no spreadsheets are read")
    if file.suffix.lower() == ".json":
        raise UserError(f"save {file} as JSON Lines, an object in each line of a .jsonl file")
    return read_csv(file, [] if notes is None else notes)


def read_csv(file: Path, notes: list[str]) -> Table:
    """Read a CSV whose first line names the columns; all values stay texts."""
    try:
        table = delimited.parse(decode_text(file.read_bytes(), str(file), notes))
    except ValueError as error:
        raise UserError(f"{file} is not a table that can be read: {error}") from error
    if all(name.replace(".", "").isdigit() for name in table):
        raise UserError(f"the first line of {file} must name the columns; it has numbers only")
    return table


def read_parquet(file: Path, commas: Collection[str], kinds: Kinds) -> Table:
    """Read a Parquet file; its values become texts."""
    try:
        read = polars.read_parquet(file)
        check_types(file, read, kinds)
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


def check_types(file: Path, frame: polars.DataFrame, kinds: Kinds) -> None:
    """Raise UserError where a column of Parquet is not of its kind."""
    texts = (polars.String, polars.Binary, polars.Categorical, polars.Enum, polars.Null)
    for name, found in frame.schema.items():
        wanted = kinds.get(name.strip())
        if found not in texts and (wanted == TEXTS or (wanted and found.is_nested())):
            words = "texts" if wanted == TEXTS else "texts or numbers"
            raise UserError(f"{file}: {name} has values of the type {found}, not {words}")


def read_json_lines(file: Path, commas: Collection[str], kinds: Kinds) -> Table:
    """Read an object of each line; a name that a line lacks, and null, become an empty text."""
    try:
        lines = file.read_bytes().decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise UserError(f"{file} is not UTF-8, as JSON has to be; save it so: {error}") from error
    rows: list[dict[str, Any]] = []
    for place, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UserError(f"{file}, line {place}, is no JSON: {error}") from error
        if not isinstance(row, dict):
            raise UserError(f"{file}, line {place}, must be an object of names and values")
        for name, wanted in kinds.items():
            check_value(f"{file}, line {place}: {name}", row.get(name), wanted)
        rows.append(row)
    names = dict.fromkeys(name for row in rows for name in row)
    if not names:
        raise UserError(f"{file} has no rows")
    return {name: [to_text(row.get(name), name in commas) for row in rows] for name in names}


def check_value(where: str, value: Any, wanted: tuple[type, ...]) -> None:
    """Raise UserError for a value of JSON that is there, but of none of the types."""
    if value is None or isinstance(value, wanted):
        return
    words = "a text" if wanted == TEXTS else "a text or a number"
    raise UserError(f"{where} is {OTHERS.get(type(value), 'a number')}, not {words}")


def to_text(value: Any, comma: bool) -> str:
    """Write a value of JSON as a text; a number has a decimal comma if it is to have one."""
    if value is None:
        return ""
    if isinstance(value, str):
        # JSON can escape half of a surrogate pair, which is no character and in no other file.
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    text = json.dumps(value, ensure_ascii=True)
    return text.replace(".", ",") if comma and type(value) is float else text


def decode_text(content: bytes, name: str, notes: list[str]) -> str:
    """Decode a text: UTF-8, UTF-16 by its mark, or what charset-normalizer finds.

    `name` is what it is called in errors, and in the line that `notes` get where it is a guess.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\0" in content:
        raise UserError(f"{name} has NUL bytes: it is no text, or not in UTF-8")
    else:
        encoding = "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        import charset_normalizer  # most files need no guess

        found = list(charset_normalizer.from_bytes(content[:SAMPLE]))
        if not found:
            raise UserError(f"the encoding of {name} is unknown; save it as UTF-8") from None
        # Where others fit as well as the best, Windows' Western one is by far the most frequent.
        best = [match for match in found if match.chaos == found[0].chaos]
        fitting = {name for m in best for name in (m.encoding, *m.could_be_from_charset)}
        encoding = "cp1252" if "cp1252" in fitting else found[0].encoding
        notes.append(f"note: {name} is not UTF-8; read as {encoding}")
        return content.decode(encoding, errors="replace")
