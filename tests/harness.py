"""What all tests of the template share: render it, ask it, and know every choice it has.

    render(dst, answers)      a project in `dst`; refuses unknown keys and choices; about 0.1 s
    decide(answers)           what the decision says: pick, rule, because, decided_by, sides
    ask(file, macro)          a macro of `extensions/<file>.jinja` as a Python function
    questions()               every question by key: kind, shown or silent, its choices
    catalog(), rules(), names(), pins(), presets()
                              the template's data, as it stands in extensions/ and presets/
    offered(framework)        tasks and targets that can be chosen with it
    copy_template(folder)     a template to change, for `render(..., src=folder)`

Copier needs half a second for one project. `render` takes short cuts through private parts of
Copier (tests pin its version): a copy of the template without .git, Jinja templates and copier.yml
read once, no call of git, the name of the answers file not rendered again for every path.
`render(..., exact=True)` takes none of them.
"""

from __future__ import annotations

import atexit
import copy
import functools
import json
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import copier
import jinja2
import yaml
from copier import _template as copier_template
from copier import _vcs as copier_vcs
from copier._main import Worker
from copier._settings import SettingsModel
from copier._user_data import Question as CopierQuestion

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("copier.yml", "questions", "extensions", "template")  # all that Copier reads

INTERNAL = ("unknown_answers", "advised")  # questions to Copier, but nobody's to answer

Answers = Mapping[str, Any]


class BadAnswer(ValueError):
    """A test gave an answer that the template does not know."""


@dataclass(frozen=True)
class Question:
    """One question: `kind` is text, one or several; `choices` has those that are disabled, too.

    A question of yes or no is one of two, False and True.
    """

    key: str
    kind: str
    shown: bool
    choices: tuple[Any, ...] = ()


@dataclass
class Coverage:
    """Which answers were rendered, and how often."""

    answers: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def record(self, answers: Answers) -> None:
        """Count the answers of one render."""
        for key, question in questions().items():
            if key not in answers:  # a template of an earlier version
                continue
            value = answers[key]
            values = (value or ["(none)"]) if isinstance(value, list) else [str(value)]
            self.answers[key].update(values if question.kind != "text" else [_short(value)])

    def dump(self) -> dict[str, dict[str, int]]:
        """Everything counted, as plain data."""
        return {key: dict(counts) for key, counts in self.answers.items()}

    def load(self, dumped: Mapping[str, Mapping[str, int]]) -> None:
        """Add what another process has dumped."""
        for key, counts in dumped.items():
            self.answers[key].update(counts)

    def lines(self) -> Iterator[str]:
        """One line per question: choices with their counts, `!` before those never rendered.

        Choices that this version does not have yet stand in parentheses.
        """
        later = {
            (question, key)
            for question, part in (("task", "tasks"), ("targets", "targets"))
            for key, entry in catalog()[part].items()
            if not entry["available"]
        }
        for key, question in questions().items():
            seen = self.answers[key]
            if question.kind == "text":
                yield f"{key}: {len(seen)} different texts"
                continue
            values = [str(choice) for choice in question.choices]
            values += ["(none)"] if question.kind == "several" else []
            yield f"{key}: " + ", ".join(
                f"{v} {seen[v]}" if seen[v] else f"({v})" if (key, v) in later else f"!{v}"
                for v in values
            )


COVERAGE = Coverage()


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"


# --- the template's data --------------------------------------------------------------------------


@functools.cache
def _data(name: str) -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load((ROOT / "extensions" / f"{name}.yml").read_text("utf-8"))
    return data


@functools.cache
def catalog() -> dict[str, Any]:
    """Everything that can be chosen, as the questions see it."""
    parts = {
        kind: [
            yaml.safe_load(file.read_text("utf-8"))
            for file in (ROOT / "extensions" / kind).glob("*.yml")
        ]
        for kind in ("tasks", "targets", "clusters")
    }
    found = ask("gather", "gather")(_data("catalog"), *parts.values())
    whole: dict[str, Any] = json.loads(found)
    return whole


def rules() -> dict[str, Any]:
    return _data("rules")


def names() -> dict[str, Any]:
    return _data("names")


def pins() -> dict[str, Any]:
    return _data("pins")


@functools.cache
def presets() -> dict[str, dict[str, Any]]:
    """Answers by preset name."""
    return {
        path.stem: yaml.safe_load(path.read_text("utf-8")) or {}
        for path in sorted((ROOT / "presets").glob("*.yml"))
    }


@functools.cache
def questions(src: Path | None = None) -> dict[str, Question]:
    """Every question that a user may answer, in the order of the dialogue; of another template."""
    found: dict[str, Question] = {}
    with worker({}, src) as asked:
        with short_cuts():
            asked._ask()
        context = asked._render_context()
        for key, details in asked.template.questions_data.items():
            if details.get("when") is False or key in INTERNAL:
                continue
            question = CopierQuestion(
                answers=asked.answers,
                context=context,
                jinja_env=asked.jinja_env,
                var_name=key,
                **details,
            )
            choices: tuple[Any, ...] = tuple(
                str(choice.value) for choice in question._formatted_choices
            )
            if details["type"] == "bool":
                choices = (False, True)
            kind = "text" if not choices else "several" if question.multiselect else "one"
            found[key] = Question(key, kind, details.get("ask", True) is not False, choices)
    return found


def offered(framework: str, task: str = "image_classification") -> dict[str, list[str]]:
    """The tasks and targets that can be chosen with `framework` (and `task`), by the catalog."""
    tasks, targets = catalog()["tasks"], catalog()["targets"]
    return {
        "tasks": [
            key
            for key, entry in tasks.items()
            if entry["available"] and framework in entry["frameworks"]
        ],
        "targets": [
            key
            for key, entry in targets.items()
            if entry["available"] and framework in entry["frameworks"] and task in entry["tasks"]
        ],
    }


# --- rendering ------------------------------------------------------------------------------------


@functools.cache
def template() -> Path:
    """A copy of the template without .git, made once per process: no clone, no look for tags."""
    folder = Path(tempfile.mkdtemp(prefix="pickone-template-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    copy_template(folder)
    return folder


def copy_template(folder: Path) -> Path:
    """Copy what Copier reads into `folder`, for a test that changes it.

    A fork's own settings and files stay out: test_company.py looks at those, and all other tests
    mean upstream's choices and defaults.
    """
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(
                source, folder / part, ignore=shutil.ignore_patterns("__pycache__", ".*_cache")
            )
        else:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, folder / part)
    (folder / "extensions" / "company.yml").write_text("_company: {}\n", encoding="utf-8")
    shutil.rmtree(folder / "template" / "{{ use.company }}", ignore_errors=True)
    return folder


def check_answers(answers: Answers) -> None:
    """Refuse keys and choices the template does not have: Copier takes any key without a word."""
    for key, value in answers.items():
        question = questions().get(key)
        if key in INTERNAL:  # in an answers file
            continue
        if question is None:
            raise BadAnswer(f"no question is called {key!r}; there are {', '.join(questions())}")
        if question.kind == "several" and not isinstance(value, list | tuple):
            raise BadAnswer(f"{key} takes a list, not {value!r}")
        for one in value if question.kind == "several" else [value]:
            if question.kind != "text" and one not in question.choices:
                there = ", ".join(map(str, question.choices))
                raise BadAnswer(f"{key} has no choice {one!r}; there are {there}")


def render(
    dst: Path,
    answers: Answers | None = None,
    *,
    src: Path | None = None,
    exact: bool = False,
    **options: Any,
) -> Path:
    """Render a project into `dst` and return `dst`.

    `answers` go in as data, the rest takes its default. `src` is another template (copy_template).
    `options` go to copier.run_copy. Raises BadAnswer for what no question knows, ValueError for
    what a validator refuses.
    """
    given = dict(answers or {})
    check_answers(given)
    source = src or (ROOT if exact else template())
    call: dict[str, Any] = {"defaults": True, "quiet": True, "settings": SettingsModel(), **options}
    with short_cuts(off=exact):
        done = copier.run_copy(str(source), dst, data=given, **call)
    COVERAGE.record(done.answers.combined)
    return dst


@contextmanager
def worker(answers: Answers, src: Path | None = None) -> Iterator[Worker]:
    """Copier's own worker on the template, for tests that look below a whole render."""
    with Worker(
        src_path=str(src or template()),
        dst_path=Path(tempfile.gettempdir()) / "pickone-nothing-is-written-here",
        data=dict(answers),
        defaults=True,
        quiet=True,
        settings=SettingsModel(),
    ) as made:
        yield made


@functools.cache
def jinja_env() -> jinja2.Environment:
    """The environment in which Copier renders the template."""
    with worker({}) as made:
        env: jinja2.Environment = made.jinja_env
    return env


def ask(file: str, macro: str) -> Callable[..., str]:
    """The macro of that name in `extensions/<file>.jinja`, called as the questions call it."""
    module = jinja_env().get_template(f"extensions/{file}.jinja").module
    called = getattr(module, macro)

    def call(*args: Any, **kwargs: Any) -> str:
        return str(called(*args, **kwargs))

    return call


def decide(answers: Answers) -> dict[str, Any]:
    """What the decision says to goal, runs_on and production_stack."""
    advice: dict[str, Any] = json.loads(ask("advise", "advise")(rules(), dict(answers)))
    return advice


# --- the short cuts -------------------------------------------------------------------------------

_compiled: dict[tuple[object, ...], Any] = {}
_configs: dict[Path, dict[str, Any]] = {}
_compile = jinja2.Environment.compile
_load_config = copier_template.load_template_config
_ask_git = copier_vcs.get_repo


def _compile_once(env: jinja2.Environment, source: Any, *args: Any, **kwargs: Any) -> Any:
    if not isinstance(source, str):
        return _compile(env, source, *args, **kwargs)
    dialect = (type(env), env.trim_blocks, env.lstrip_blocks, env.keep_trailing_newline)
    key = (source, args, tuple(kwargs.items()), dialect)
    if key not in _compiled:
        _compiled[key] = _compile(env, source, *args, **kwargs)
    return _compiled[key]


def _load_config_once(conf_path: Path, quiet: bool = False) -> dict[str, Any]:
    """copier.yml of the shared copy never changes; any other template is read every time."""
    if conf_path.parent != template():
        return dict(_load_config(conf_path, quiet))
    if conf_path not in _configs:
        _configs[conf_path] = _load_config(conf_path, quiet)
    return copy.deepcopy(_configs[conf_path])


def _get_repo(url: str) -> str | None:
    """The shared copy is no git repository: no need to ask git."""
    return None if url == str(template()) else _ask_git(url)


def _answers_path(made: Worker) -> Path:
    """The answers file's name has no Jinja in it, so it need not be rendered for every file."""
    return made.answers_file or made.template.answers_relpath


@contextmanager
def short_cuts(off: bool = False) -> Iterator[None]:
    """Copier without what a test need not wait for."""
    if off:
        yield
        return
    with (
        mock.patch.object(jinja2.Environment, "compile", _compile_once),
        mock.patch.object(copier_template, "load_template_config", _load_config_once),
        mock.patch.object(copier_template, "get_repo", _get_repo),
        mock.patch.object(Worker, "answers_relpath", property(_answers_path)),
        mock.patch.object(Worker, "_sync_git_index_executable_bit", lambda *_: None),
    ):
        yield
