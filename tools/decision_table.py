"""Writes docs/decision-table.md from extensions/rules.yml, through the dialogue's own macro.

    python tools/decision_table.py            write the page
    python tools/decision_table.py --check    exit 1 when the page on disk is another one
    python tools/decision_table.py --order    print the rules alone, as the README shows them

Needs PyYAML and jinja2-ansible-filters, which come with Copier.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import yaml

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "decision-table.md"
NONE = "nowhere yet"


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
            when = self.words(rule["when"]) if "when" in rule else "everything else"
            if "unless" in rule:
                when += f", unless {self.words(rule['unless'])}"
            pick = self.label(rule["pick"])
            yield f"| {number} `{rule['id']}` | {when} | {pick} | {rule['because']} |"

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


def main(arguments: list[str]) -> int:
    """Write, check or print."""
    if "--order" in arguments:
        print("\n".join(Page().order()))
        return 0
    text = Page().text()
    if "--check" in arguments:
        current = PAGE.exists() and PAGE.read_text("utf-8") == text
        if not current:
            print(
                "docs/decision-table.md is out of date: run python tools/decision_table.py",
                file=sys.stderr,
            )
        return 0 if current else 1
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
