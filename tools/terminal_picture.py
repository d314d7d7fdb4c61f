"""Draw what a terminal shows as an SVG, with its text as text.

    tmux capture-pane -e -p | python tools/terminal_picture.py "TITLE" > docs/pictures/NAME.svg

Reads colours, bold and reversed text; all other escape sequences are left out. Emoji become dots,
as not every reader's machine can draw them.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from xml.sax.saxutils import escape

COLUMN, LINE, SIZE, MARGIN = 8.4, 20, 14, 16  # pixels
TEXT, BACKGROUND = "#e6edf3", "#0d1117"
BASIC = ("#0d1117", "#ff7b72", "#7ee787", "#d29922", "#79c0ff", "#d2a8ff", "#56d4dd", "#c9d1d9")
EMOJI = re.compile("[\U0001f000-\U0001faff]")
ESCAPE = re.compile(r"\x1b\[([0-9;]*)m|\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b[=>]")


@dataclass(frozen=True)
class Style:
    """How text looks."""

    colour: str = TEXT
    bold: bool = False
    reversed: bool = False


def colour(number: int) -> str:
    """A colour of the 256 that terminals have: 16 basic ones, a cube of 6, 24 greys."""
    if number < 16:
        return BASIC[number % 8]
    if number >= 232:
        return f"#{8 + 10 * (number - 232):02x}" + f"{8 + 10 * (number - 232):02x}" * 2
    levels = (0, 95, 135, 175, 215, 255)
    index = number - 16
    return "#" + "".join(f"{levels[index // step % 6]:02x}" for step in (36, 6, 1))


def changed(style: Style, codes: list[int]) -> Style:
    """The style after an escape sequence."""
    while codes:
        code = codes.pop(0)
        if code == 0:
            style = Style()
        elif code in (1, 22):
            style = replace(style, bold=code == 1)
        elif code in (7, 27):
            style = replace(style, reversed=code == 7)
        elif code == 39:
            style = replace(style, colour=TEXT)
        elif 30 <= code <= 37 or 90 <= code <= 97:
            style = replace(style, colour=colour(code % 10))
        elif code in (38, 48) and codes[:1] == [5]:
            if code == 38:
                style = replace(style, colour=colour(codes[1]))
            del codes[:2]
    return style


def width(text: str) -> int:
    """How many columns a text takes."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def runs(line: str, style: Style) -> Iterator[tuple[str, Style]]:
    """The parts of a line that look alike, and at the end an empty one with the last style."""
    start = 0
    for found in ESCAPE.finditer(line):
        if text := line[start : found.start()]:
            yield text, style
        if found.group(0).endswith("m"):
            style = changed(style, [int(code or 0) for code in found.group(1).split(";")])
        start = found.end()
    if text := line[start:]:
        yield text, style
    yield "", style


def picture(screen: str, title: str) -> str:
    """The whole screen as an SVG, without empty lines at its end."""
    shapes: list[str] = []
    style, widest = Style(), 0
    lines = screen.rstrip().split("\n")
    for row, line in enumerate(lines):
        column = 0
        for text, style_now in runs(line, style):
            style = style_now
            if text.strip() or style.reversed:
                shapes += shape(text, style, MARGIN + column * COLUMN, MARGIN + row * LINE)
            column += width(text)
        widest = max(widest, column)
    across, down = round(2 * MARGIN + widest * COLUMN), 2 * MARGIN + len(lines) * LINE
    css = (
        f"text {{ font: {SIZE}px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace; "
        "white-space: pre; } .b { font-weight: 700; }"
    )
    size = f'viewBox="0 0 {across} {down}" width="{across}" height="{down}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{css}</style>",
        f'<rect width="{across}" height="{down}" rx="8" fill="{BACKGROUND}"/>',
        *shapes,
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def shape(text: str, style: Style, x: float, y: float) -> Iterator[str]:
    """A part of a line, in the columns where the terminal has it."""
    across = width(text) * COLUMN
    ink = style.colour
    if text and style.reversed:
        box = f'x="{x:g}" y="{y:g}" width="{across:g}" height="{LINE}"'
        yield f'<rect {box} fill="{ink}"/>'
        ink = BACKGROUND
    shown = text.rstrip()
    start = x + (width(text) - width(text.lstrip())) * COLUMN
    shown = EMOJI.sub("●", shown)
    length = width(shown.strip()) * COLUMN
    if shown:
        place = f'x="{start:g}" y="{y + SIZE:g}" textLength="{length:g}"'
        bold = ' class="b"' * style.bold
        yield f'<text {place} fill="{ink}"{bold}>{escape(shown.strip())}</text>'


def main(arguments: list[str]) -> int:
    """Read a screen, write a picture."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    sys.stdout.write(picture(sys.stdin.read(), arguments[0]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
