"""Writes docs/decision-table.md from extensions/rules.yml, through the dialogue's own macro.

    python tools/decision_table.py            write the page, and docs/pictures/decision.svg
    python tools/decision_table.py --check    exit 1 when the files on disk are others
    python tools/decision_table.py --order    print the rules alone, as the README shows them

Needs PyYAML and jinja2-ansible-filters, which come with Copier.
"""

from __future__ import annotations

import itertools
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import jinja2
import yaml

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "decision-table.md"
PICTURE = ROOT / "docs" / "pictures" / "decision.svg"
NONE = "nowhere yet"

# The picture: a column of rules, narrow enough to be read on a phone. Lengths in pixels.
WIDTH, MARGIN, LINE, GAP = 460, 12, 20, 30
CHARACTERS = 34  # of a condition in a line
COLOURS = {"pytorch": "#b4380b", "tensorflow": "#1f5fa8"}
STYLE = (
    "text { font: 15px system-ui, sans-serif; fill: #1f2328; } "
    ".pick { font-weight: 600; fill: #fff; text-anchor: middle; } "
    ".number, .else { font-size: 13px; fill: #59636e; } "
    ".rule { fill: #f6f8fa; stroke: #d1d9e0; } .arrow { stroke: #59636e; fill: none; }"
)


def load(name: str) -> dict[str, Any]:
    """One of the template's data files."""
    data: dict[str, Any] = yaml.safe_load((ROOT / "extensions" / f"{name}.yml").read_text("utf-8"))
    return data


class Page:
    """The page, section by section."""

    def __init__(self) -> None:
        self.rules, self.catalog = load("rules"), load("catalog")
        env = jinja2.Environment(
            loader=jinja2.FileSystemLoader(ROOT),
            undefined=jinja2.StrictUndefined,
            extensions=["jinja2_ansible_filters.AnsibleCoreFiltersExtension"],
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.first = env.get_template("extensions/advise.jinja").module.first  # type: ignore[attr-defined]

    def rule(self, goal: str, runs_on: tuple[str, ...], stack: str) -> dict[str, Any]:
        """The rule that decides."""
        given = {"goal": goal, "runs_on": list(runs_on), "production_stack": stack}
        found: dict[str, Any] = self.rules["rules"][int(self.first(self.rules, given))]
        return found

    def label(self, framework: str) -> str:
        """The framework's name as people write it."""
        return str(self.catalog["frameworks"][framework]["label"])

    def words(self, condition: dict[str, list[str]]) -> str:
        """TensorFlow in production; phones; generative models or LLMs."""
        signals = self.rules["signals"]
        parts = [
            " or ".join(str(signals[question][answer]["short"]) for answer in answers)
            for question, answers in condition.items()
        ]
        return " and ".join(parts)

    def order(self) -> Iterator[str]:
        """The rules, in order."""
        yield "| rule | matches on | pick | because |"
        yield "| --- | --- | --- | --- |"
        for number, rule in enumerate(self.rules["rules"], 1):
            pick = self.label(rule["pick"])
            yield f"| {number} `{rule['id']}` | {self.when(rule)} | {pick} | {rule['because']} |"

    def when(self, rule: dict[str, Any]) -> str:
        """The answers that a rule matches, in words."""
        when = self.words(rule["when"]) if "when" in rule else "everything else"
        return f"{when}, unless {self.words(rule['unless'])}" if "unless" in rule else when

    def picture(self) -> str:
        """The rules as an SVG: one box below the other, each with the framework it picks."""
        shapes: list[str] = []
        y = MARGIN
        for number, rule in enumerate(self.rules["rules"], 1):
            if shapes:
                shapes += arrow(y - GAP)
            lines = textwrap.wrap(self.when(rule), CHARACTERS)
            height = LINE * len(lines) + 18
            shapes += box(y, height, number, lines)
            shapes += pill(y + height / 2, self.label(rule["pick"]), COLOURS[rule["pick"]])
            y += height + GAP
        y += MARGIN - GAP
        size = f'viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" height="{y}"'
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
            "<title>The rules in their order: the first that matches picks the framework</title>",
            f"<style>{STYLE}</style>",
            f'<rect width="{WIDTH}" height="{y}" rx="10" fill="#fff"/>',
            *shapes,
            "</svg>",
        ]
        return "\n".join(parts) + "\n"

    def answers(self) -> Iterator[str]:
        """One row per set of places, one column per stack, goals that decide alike in one cell."""
        signals = self.rules["signals"]
        goals, places, stacks = (
            list(signals[key]) for key in ("goal", "runs_on", "production_stack")
        )
        sets = [s for n in range(len(places) + 1) for s in itertools.combinations(places, n)]
        classes: dict[tuple[str, ...], list[str]] = {}
        for goal in goals:
            outcome = tuple(self.rule(goal, s, stack)["id"] for s in sets for stack in stacks)
            classes.setdefault(outcome, []).append(goal)
        for alike in classes.values():
            yield f"### {', '.join(signals['goal'][goal]['label'] for goal in alike)}"
            yield ""
            yield "| runs on | " + " | ".join(f"`{stack}`" for stack in stacks) + " |"
            yield "| --- |" + " --- |" * len(stacks)
            rows: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
            for chosen in sets:
                cells = tuple(self.cell(self.rule(alike[0], chosen, stack)) for stack in stacks)
                rows.setdefault(cells, []).append(chosen)
            for cells, same in rows.items():
                yield f"| {self.name(same, places)} | " + " | ".join(cells) + " |"
            yield ""

    def cell(self, rule: dict[str, Any]) -> str:
        """Pick and rule."""
        return f"{self.label(rule['pick'])} `{rule['id']}`"

    def name(self, same: list[tuple[str, ...]], places: list[str]) -> str:
        """Sets of places that decide alike, in few words: places in all of them, places in some."""
        if len(same) == 2 ** len(places):
            return "anywhere or nowhere yet"
        always = [p for p in places if all(p in s for s in same)]
        never = [p for p in places if not any(p in s for s in same)]
        free = [p for p in places if p not in always and p not in never]
        if len(same) != 2 ** len(free):
            raise SystemExit(f"the sets {same} have no short name: print them one by one")
        text = " and ".join(f"`{p}`" for p in always) or NONE
        if free:
            text += f", with or without {', '.join(f'`{p}`' for p in free)}"
        return text

    def bridges(self) -> Iterator[str]:
        """What each framework does about needs that speak for another."""
        yield "| the project uses | and needs | so |"
        yield "| --- | --- | --- |"
        for framework, by_question in self.rules["bridges"].items():
            for question, by_answer in by_question.items():
                for answer, bridge in by_answer.items():
                    need = self.rules["signals"][question][answer]["short"]
                    yield f"| {self.label(framework)} | {need} | {bridge['words']} |"

    def text(self) -> str:
        """All of it."""
        parts = [
            "# The whole decision",
            "",
            "`python tools/decision_table.py` writes this page from `extensions/rules.yml`. "
            "Change the rules there, then run it again.",
            "",
            "## The rules: the first that matches decides",
            "",
            *self.order(),
            "",
            "## Every set of answers",
            "",
            "One table per group of goals that decide alike, one column per answer to "
            f"“{self.rules['questions']['production_stack']}”",
            "",
            *self.answers(),
            "## Bridges",
            "",
            *self.bridges(),
        ]
        return "\n".join(parts) + "\n"


def box(y: int, height: int, number: int, lines: list[str]) -> list[str]:
    """A rule: its number and what it matches on."""
    middle = y + height / 2
    first = middle - LINE * (len(lines) - 1) / 2 + 5
    width = WIDTH - 2 * MARGIN
    shapes = [
        f'<rect class="rule" x="{MARGIN}" y="{y}" width="{width}" height="{height}" rx="8"/>',
        f'<text class="number" x="{MARGIN + 12}" y="{middle + 5:g}">{number}</text>',
    ]
    for row, line in enumerate(lines):
        shapes.append(f'<text x="{MARGIN + 34}" y="{first + row * LINE:g}">{escape(line)}</text>')
    return shapes


def pill(middle: float, label: str, colour: str) -> list[str]:
    """The framework that a rule picks."""
    x, width = WIDTH - MARGIN - 124, 112
    return [
        f'<rect x="{x}" y="{middle - 14:g}" width="{width}" height="28" rx="14" fill="{colour}"/>',
        f'<text class="pick" x="{x + width / 2:g}" y="{middle + 5:g}">{escape(label)}</text>',
    ]


def arrow(y: int) -> list[str]:
    """The way to the next rule, where the last one did not match."""
    x = MARGIN + 16
    tip = y + GAP - 3
    return [
        f'<path class="arrow" d="M{x} {y + 3} V{tip} m-5 -6 l5 6 l5 -6"/>',
        f'<text class="else" x="{x + 18}" y="{y + GAP / 2 + 5:g}">else</text>',
    ]


def main(arguments: list[str]) -> int:
    """Write, check or print."""
    if "--order" in arguments:
        print("\n".join(Page().order()))
        return 0
    page = Page()
    files = {PAGE: page.text(), PICTURE: page.picture()}
    if "--check" in arguments:
        stale = [file for file, text in files.items() if not is_current(file, text)]
        for file in stale:
            name = file.relative_to(ROOT).as_posix()
            print(f"{name} is out of date: run python tools/decision_table.py", file=sys.stderr)
        return 1 if stale else 0
    for file, text in files.items():
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, "utf-8")
    return 0


def is_current(file: Path, text: str) -> bool:
    """Whether a file on disk is what it would be now."""
    return file.exists() and file.read_text("utf-8") == text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
