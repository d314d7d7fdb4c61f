"""What a report shows: figures, small pictures and tables, all in one look for light and dark."""

import io
import unicodedata
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure as Canvas

DPI = 200
ISOLATE, END = "\u2068", "\u2069"  # between them, text keeps its direction to itself
DIRECTIONS = {"\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", ISOLATE, END}


@dataclass(frozen=True)
class Theme:
    """Colours of one look; blue and orange stay apart in every common colour blindness."""

    paper: str
    ink: str
    muted: str
    grid: str
    blue: str
    orange: str

    def ramp(self, colour: str) -> LinearSegmentedColormap:
        """Return a colour map from the paper (0) to `colour` (1)."""
        return LinearSegmentedColormap.from_list("ramp", [self.paper, colour])


LIGHT = Theme("#ffffff", "#1b1f24", "#59636e", "#dde2e7", "#0060a8", "#c4500a")
DARK = Theme("#161b22", "#e6edf3", "#9aa4ae", "#30363d", "#6cb6ff", "#ff9d4d")

Paint = Callable[[Canvas, Theme], None]


@dataclass(frozen=True)
class Tile:
    """One small picture with its words; PNG, and as text so that it can be read on a phone."""

    png: bytes
    alt: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Figure:
    """One figure: the file name without suffix, the words around it, PNGs for both looks.

    A page shows the tiles, where there are any, instead of the figure itself, which then has no
    dark look. A wide figure gets a row of its own.
    """

    name: str
    title: str
    caption: str
    alt: str
    png: bytes
    dark: bytes
    tiles: tuple[Tile, ...] = ()
    wide: bool = False


@dataclass(frozen=True)
class Table:
    """A table whose first column names its rows."""

    title: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    note: str = ""


def figure(
    name: str,
    title: str,
    caption: str,
    alt: str,
    paint: Paint,
    size: tuple[float, float] = (5.0, 3.2),
    tiles: tuple[Tile, ...] = (),
) -> Figure:
    """Paint a figure twice, for light and for dark pages; `size` is in inches, over 6 is wide."""
    light = render(paint, size, LIGHT)
    dark = b"" if tiles else render(paint, size, DARK)
    return Figure(name, title, caption, alt, light, dark, tiles, wide=size[0] > 6)


def render(paint: Paint, size: tuple[float, float], theme: Theme) -> bytes:
    """Paint one PNG; the same picture gives the same bytes, as no date and no version goes in."""
    style: dict[Any, Any] = {
        "figure.facecolor": theme.paper,
        "axes.facecolor": theme.paper,
        "axes.edgecolor": theme.grid,
        "axes.labelcolor": theme.muted,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": theme.grid,
        "grid.linewidth": 0.6,
        "text.color": theme.ink,
        # Names are text, not formulas: a lone dollar sign must stay one.
        "text.parse_math": False,
        "xtick.color": theme.grid,
        "ytick.color": theme.grid,
        "xtick.labelcolor": theme.muted,
        "ytick.labelcolor": theme.muted,
        "font.family": "DejaVu Sans",
        "font.size": 10,
        "figure.constrained_layout.h_pad": 0.06,
        "legend.frameon": False,
        "legend.labelcolor": theme.ink,
    }
    stream = io.BytesIO()
    with matplotlib.rc_context(), warnings.catch_warnings():
        matplotlib.rcdefaults()  # a matplotlibrc of the user's must not change the report
        matplotlib.rcParams.update(style)
        warnings.filterwarnings("ignore", "Glyph .* missing")
        canvas = Canvas(figsize=size, dpi=DPI, layout="constrained")
        FigureCanvasAgg(canvas)
        paint(canvas, theme)
        canvas.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()


def short(name: str, most: int = 16) -> str:
    """Return a name on one line of at most `most` characters: its two ends, as those tell apart."""
    line = " ".join(name.split())
    half = most // 2
    return line if len(line) <= most else f"{line[: most - half]}…{line[1 - half :]}"


def plain(text: str, most: int = 40) -> str:
    """Return a name or a value for a sentence: on one line, its two ends where it is long.

    Letters that run from right to left are kept from turning what is around them.
    """
    found = short("".join(letter for letter in text if letter not in DIRECTIONS), most)
    turned = any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in found)
    return f"{ISOLATE}{found}{END}" if turned else found


def bare(axes: Axes) -> None:
    """Take frame, grid and ticks away, as from a picture."""
    axes.grid(visible=False)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
