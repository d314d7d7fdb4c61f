"""The report's HTML: every name and every text is escaped here and nowhere else."""

import base64
import html
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from itertools import groupby
from string import Template

from ..plain_text import visible_lines
from .elements import Figure, Table, Tile

Facts = list[tuple[str, str]]


def escape(text: str) -> str:
    """Write a text in HTML: nothing in it is markup, or turns the direction of what follows."""
    return html.escape(visible_lines(text))


def compose(
    project: str,
    summary: str,
    run: str,
    notices: Iterable[str],
    headline: Iterable[tuple[str, str, str]],
    sections: Mapping[str, str],
) -> str:
    """Fill report.html; the values of `sections` are HTML by title, everything else is text."""
    ids = {title: title.lower().replace(" ", "-") for title, body in sections.items() if body}
    numbers = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd><dd>{escape(note)}</dd></div>"
        for name, value, note in headline
    )
    template = Template(resources.files(__package__).joinpath("report.html").read_text("utf-8"))
    return template.substitute(
        title=escape(f"{project}: report on {run}"),
        project=escape(project),
        summary=f"<p>{escape(summary)}</p>" if summary else "",
        run=escape(run),
        notices="".join(f'<p class="notice">{escape(text)}</p>' for text in notices),
        headline=f'<dl class="headline">{numbers}</dl>' if numbers else "",
        links="".join(f'<a href="#{key}">{title}</a> ' for title, key in ids.items()),
        sections="\n".join(
            f'<section id="{key}">\n<h2>{title}</h2>\n{sections[title]}\n</section>'
            for title, key in ids.items()
        ),
    )


def shown(items: Iterable[Figure | Table]) -> str:
    """Turn figures and tables into HTML; figures that follow each other share a row."""
    parts = []
    for in_row, group in groupby(items, lambda x: isinstance(x, Figure) and not x.tiles):
        body = "\n".join(table(x) if isinstance(x, Table) else figure(x) for x in group)
        parts.append(f'<div class="row">{body}</div>' if in_row else body)
    return "\n".join(parts)


def figure(item: Figure) -> str:
    """Turn a figure into HTML: its tiles with their words, or one picture for each look."""
    body = tiles(item.tiles) if item.tiles else picture(item)
    return (
        f'<figure class="{"wide" if item.wide else "half"}"><h3>{escape(item.title)}</h3>\n{body}\n'
        f"<figcaption>{escape(item.caption)}</figcaption></figure>"
    )


def picture(item: Figure) -> str:
    """Put in the light and the dark PNG; the style sheet shows one, and on paper the light one."""
    alt = escape(item.alt)
    return (
        f'<div class="picture"><img class="light" src="{uri(item.png)}" alt="{alt}">'
        f'<img class="dark" src="{uri(item.dark)}" alt="{alt}"></div>'
    )


def tiles(items: Sequence[Tile]) -> str:
    """Turn small pictures into a list that wraps."""
    cells = (
        f'<li><img src="{uri(item.png)}" alt="{escape(item.alt)}">'
        + "".join(f"<span>{escape(line)}</span>" for line in item.lines)
        + "</li>"
        for item in items
    )
    return f'<ul class="tiles">{"".join(cells)}</ul>'


def table(item: Table) -> str:
    """Turn a table into HTML that scrolls sideways on a narrow screen."""
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in item.head)
    rows = "\n".join(
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in item.rows
    )
    note = f"<p>{escape(item.note)}</p>" if item.note else ""
    title = escape(item.title)
    return (
        f'<h3>{title}</h3>\n<div class="scroll" tabindex="0" role="region" aria-label="{title}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>\n{rows}\n</tbody></table></div>{note}"
    )


def facts(pairs: Facts) -> str:
    """Turn names and values into a list of terms."""
    rows = (f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in pairs)
    return f'<dl class="facts">{"".join(rows)}</dl>' if pairs else ""


def names(title: str, items: Sequence[str]) -> str:
    """Turn texts into a list under a heading; nothing where there are none."""
    cells = "".join(f"<li>{escape(item)}</li>" for item in items)
    return f"<h3>{escape(title)}</h3><ul>{cells}</ul>" if items else ""


def uri(png: bytes) -> str:
    """Put a picture into the page itself."""
    return "data:image/png;base64," + base64.b64encode(png).decode()
