"""Results as people read them: lines on a terminal, and tables as CSV."""

import io
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .plain_text import visible

Result = dict[str, Any]

WIDEST = 40  # characters of a cell that others are aligned with


def write_csv(file: Path, answers: Sequence[Mapping[str, Any]]) -> None:
    """Write answers as a table; what an answer has several of becomes a column each.

    An answer with rows of its own, such as steps in time, becomes as many rows.
    """
    import csv

    rows = [
        {
            name if key is None else f"{name} {key}": cell
            for name, value in answer.items()
            for key, cell in (value.items() if isinstance(value, dict) else [(None, value)])
        }
        for answer in long_rows(answers)
    ]
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def counted(count: int, one: str, many: str = "") -> str:
    """Put a number before the words for one thing or for several; by default these have an s."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def accept_any_text() -> None:
    """Let no character end a command: what a pipe has no sign for, as on Windows, is escaped."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def show_json(result: Mapping[str, Any]) -> None:
    """Print a result for programs, on one line."""
    unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    print(json.dumps(result, ensure_ascii=not unicode), flush=True)


def long_rows(answers: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Lay answers that have lists of objects out as rows of a long table; others stay."""
    found: list[Mapping[str, Any]] = []
    for answer in answers:
        lists = [name for name, value in answer.items() if is_rows(value)]
        if not lists:
            found.append(answer)
            continue
        shared = {name: value for name, value in answer.items() if name not in lists}
        found += [shared | row for name in lists for row in answer[name]]
    return found


def is_rows(value: object) -> bool:
    """Say whether a value is a list of objects."""
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def show(result: Result, stream: Any) -> None:
    """Print a result for people: a line for each figure."""
    for name, value in result.items():
        if isinstance(value, list) and value and isinstance(value[0], str):
            for text in value:
                print(f"{name}: {text}", file=stream)
        elif isinstance(value, list):
            rows = [
                {key: figure(cell) for key, cell in row.items() if not isinstance(cell, dict)}
                for row in long_rows(value)
            ]
            if name != "variants" or len(rows) > 1:  # one alone is what the lines above tell
                show_rows(rows, stream, named=name == "variants")
        elif isinstance(value, dict):
            show({f"{name} {key}": cell for key, cell in value.items()}, stream)
        else:
            print(f"{name}: {figure(value)}", file=stream)


def show_rows(rows: Sequence[Mapping[str, Any]], stream: Any, named: bool) -> None:
    """Print rows with tabs between cells; on a terminal aligned, below the names of the columns.

    Elsewhere there are names where the rows have to be `named`.
    """
    names = dict.fromkeys(name for row in rows for name in row)
    terminal = stream.isatty()
    lines = [list(names)] if terminal or named else []
    lines += [[str(row.get(name, "")) for name in names] for row in rows]
    if not terminal:
        for line in lines:
            print("\t".join(line).rstrip("\t"), file=stream)
        return
    widths = [min(max(map(len, column)), WIDEST) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        print("  ".join(cells).rstrip(), file=stream)


def figure(value: Any) -> Any:
    """Shorten a number for people, and make a text harmless; other values stay."""
    if isinstance(value, str):
        return visible(value)
    return f"{value:.4g}" if isinstance(value, float) else value
