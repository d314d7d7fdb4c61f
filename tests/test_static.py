"""What can be said about the template without rendering it, and about the paths it renders."""

from __future__ import annotations

import builtins
import functools
import re
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any
from unittest import mock

import jinja2
import pytest
import tree_sitter
import tree_sitter_kotlin
import tree_sitter_swift
import yaml
from copier._main import Worker
from harness import (
    ROOT,
    catalog,
    jinja_env,
    names,
    presets,
    questions,
    render,
    rules,
    template,
    worker,
)
from jinja2 import meta

FILES = sorted(
    p for p in (ROOT / "template").rglob("*") if p.is_file() and "__pycache__" not in p.parts
)
JINJA = [p for p in FILES if p.suffix == ".jinja"]
MACROS = sorted((ROOT / "extensions").glob("*.jinja"))
DATA = [
    ROOT / "copier.yml",
    *sorted((ROOT / "questions").iterdir()),
    *sorted((ROOT / "extensions").glob("*.yml")),
]
FROM_COPIER = {
    "_external_data",
    "_copier_conf",
    "_copier_answers",
    "_copier_python",
    "_copier_phase",
    "_folder_name",
}
BLOCK = re.compile(r"\{%")


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@functools.cache
def known() -> set[str]:
    """Every name that a template may use: questions, hidden ones too, and what Copier brings."""
    with worker({}) as made:
        asked = set(made.template.questions_data)
    return asked | FROM_COPIER | set(jinja_env().globals)


def unknown(text: str) -> set[str]:
    return meta.find_undeclared_variables(jinja_env().parse(text)) - known()


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from strings(key)
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


# --- names ---------------------------------------------------------------------------------


def test_files_use_only_names_that_exist() -> None:
    assert len(JINJA) >= 5
    wrong = {relative(path): found for path in JINJA if (found := unknown(path.read_text("utf-8")))}
    assert not wrong


def test_macros_use_only_names_that_exist() -> None:
    """A text file for the dialogue may use the questions, a file of macros only its arguments."""
    wrong = {}
    for path in MACROS:
        free = meta.find_undeclared_variables(jinja_env().parse(path.read_text("utf-8")))
        allowed = known() if path.name.endswith(".txt.jinja") else set(jinja_env().globals) | {"_"}
        if free - allowed:
            wrong[path.name] = free - allowed
    assert not wrong


def test_paths_and_questions_use_only_names_that_exist() -> None:
    parts = {part for path in FILES for part in path.relative_to(ROOT).parts}
    with worker({}) as made:
        texts = [*strings(made.template.questions_data), *strings(made.template.config_data)]
    wrong = {text: found for text in [*parts, *texts] if (found := unknown(text))}
    assert not wrong


def test_every_layer_folder_is_a_switch_and_every_switch_can_be_on() -> None:
    with worker({}) as made:
        made._ask()
        switches = set(made.answers.combined["use"])
    used = {
        switch
        for path in FILES
        for part in path.relative_to(ROOT).parts
        for switch in re.findall(r"use\.(\w+)", part)
    }
    assert used <= switches, f"folders without a switch: {used - switches}"
    available = {
        k for part in ("tasks", "targets") for k, e in catalog()[part].items() if e["available"]
    }
    assert available <= used, f"available but without a folder: {available - used}"
    later = {
        k for part in ("tasks", "targets") for k, e in catalog()[part].items() if not e["available"]
    }
    assert not later & used, f"a folder, but not available: {later & used}"


def test_an_unknown_name_would_be_found() -> None:
    assert unknown("{{ nobody_declared_this }} {% if use.onnx %}{% endif %}") == {
        "nobody_declared_this"
    }


# --- file names ----------------------------------------------------------------------------

RESERVED = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(10))}


def test_source_names_are_legal_on_every_system() -> None:
    tracked = [
        p
        for part in ("template", "extensions", "questions", "presets")
        for p in (ROOT / part).rglob("*")
    ]
    for path in tracked:
        name = path.name
        assert not re.search(r'[|"<>:?*\\]', name), relative(path)
        assert name.isprintable() and name == name.strip() and not name.endswith("."), relative(
            path
        )
        assert name.split(".")[0].lower() not in RESERVED, relative(path)
    lowered = Counter(relative(path).lower() for path in tracked)
    assert [path for path, count in lowered.items() if count > 1] == []


def test_rendered_paths_are_short_and_legal_with_the_longest_package_name(tmp_path: Path) -> None:
    longest = "p" * names()["longest"]
    for framework in catalog()["frameworks"]:
        project = render(tmp_path / framework, {"package_name": longest, "framework": framework})
        for path in project.rglob("*"):
            rendered = path.relative_to(project).as_posix()
            assert len(rendered) <= 200, rendered
            assert not re.search(r'[|"<>:?*\\{}]', rendered), rendered
            assert path.name.split(".")[0].lower() not in RESERVED, rendered


def test_source_paths_are_short_enough_for_a_clone_on_windows() -> None:
    longest = max((relative(path) for path in FILES), key=len)
    assert len(longest) <= 180, longest


# --- layers --------------------------------------------------------------------------------


def combinations() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every preset, and every choice that brings a layer at least once beside each framework."""
    yield from presets().items()
    keys = [key for key, question in questions().items() if question.kind == "one"]
    keys = [key for key in keys if key not in ("framework", "task")]
    rows = max(len(questions()[key].choices) for key in keys)
    for framework in catalog()["frameworks"]:
        for row in range(rows):
            picked = {key: questions()[key].choices for key in keys}
            answers = {key: choices[row % len(choices)] for key, choices in picked.items()}
            yield f"{framework}-{row}", {"framework": framework, **answers}


@pytest.mark.parametrize(
    ("name", "answers"), list(combinations()), ids=lambda v: v if isinstance(v, str) else ""
)
def test_no_path_is_rendered_by_two_layers(
    tmp_path: Path, name: str, answers: dict[str, Any]
) -> None:
    rendered: Counter[str] = Counter()
    original = Worker._render_file

    def count(self: Worker, src: Path, dst: Path, extra_context: Any = None) -> None:
        rendered[dst.as_posix()] += 1
        original(self, src, dst, extra_context)

    with mock.patch.object(Worker, "_render_file", count):
        render(tmp_path / "p", answers)
    assert len(rendered) > 5
    assert [path for path, times in rendered.items() if times > 1] == []
    lowered = Counter(path.lower() for path in rendered)
    assert [path for path, times in lowered.items() if times > 1] == []


def test_a_file_that_several_targets_have_is_the_same_in_all() -> None:
    for stem, kind in product(("Pixels", "Rows", "Texts", "Windows"), ("kt", "swift")):
        name = f"{stem}.{kind}"
        found = [path for path in FILES if path.name == name]
        assert len(found) > 1 and len({path.read_bytes() for path in found}) == 1, name


@pytest.mark.parametrize("suffix", [".swift", ".kt"])
def test_the_files_for_phones_parse(suffix: str) -> None:
    """Those that need a phone's own libraries, too, which test_phones.py does not compile."""
    grammar = {".swift": tree_sitter_swift.language, ".kt": tree_sitter_kotlin.language}[suffix]
    parser = tree_sitter.Parser(tree_sitter.Language(grammar()))
    files = [path for path in FILES if path.suffix == suffix]
    assert len(files) > 6
    broken = [path for path in files if parser.parse(path.read_bytes()).root_node.has_error]
    assert broken == []


def test_the_files_for_phones_have_no_numbers_of_the_built_in_data() -> None:
    """What a model takes is in its manifest: a size that is a default fits one data set only."""
    for path in FILES:
        if path.suffix in (".swift", ".kt"):
            text = path.read_text("utf-8")
            found = re.findall(r"\b\w+: (?:Int|Float|Double|CGFloat) = \d+", text)
            assert not found, f"{relative(path)}: {found}"


# --- no trust ------------------------------------------------------------------------------


def test_copying_needs_no_trust() -> None:
    with worker({}) as made:
        made._check_unsafe("copy")
        config = made.template.config_data
    assert not {"tasks", "jinja_extensions", "migrations"} & set(config)
    assert not list((ROOT / "extensions").glob("*.py"))


def test_a_copy_without_the_short_cuts_of_the_tests_is_the_same(tmp_path: Path) -> None:
    """The smoke test of the harness: what Copier renders when nothing is patched."""
    answers = presets()["awkward"]
    plain, quick = tmp_path / "plain", tmp_path / "quick"
    render(plain, answers, exact=True, src=template())
    render(quick, answers)
    assert contents(plain) == contents(quick)


def test_rendering_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    once, twice = render(tmp_path / "a/p"), render(tmp_path / "b/p")
    assert contents(once) == contents(twice)


def contents(project: Path) -> dict[str, tuple[bytes, int]]:
    return {
        path.relative_to(project).as_posix(): (path.read_bytes(), path.stat().st_mode & 0o111)
        for path in project.rglob("*")
        if path.is_file()
    }


# --- how much Jinja ------------------------------------------------------------------------


def test_block_tags_are_at_most_one_line_in_twenty() -> None:
    much = {}
    for path in JINJA:
        lines = path.read_text("utf-8").splitlines()
        blocks = sum(bool(BLOCK.search(line)) for line in lines)
        if blocks > max(1, len(lines)) * 0.05:
            much[relative(path)] = f"{blocks} of {len(lines)} lines"
    assert not much


def test_python_has_jinja_only_in_the_imports_of_tests() -> None:
    for path in JINJA:
        if path.name.endswith(".py.jinja"):
            assert "tests" in path.relative_to(ROOT / "template").parts, relative(path)
            for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
                if "{{" in line or "{%" in line or "{#" in line:
                    allowed = (
                        r"\s*(from|import) \{\{ package_name \}\}[\w.]*( import .*)?( as \w+)?"
                    )
                    assert re.fullmatch(allowed, line), f"{relative(path)}:{number}: {line}"


def test_imports_of_tests_fit_into_a_line_with_the_longest_package_name() -> None:
    """Ruff would wrap and sort them otherwise, and find fault with projects of long names."""
    longest = 100 - names()["longest"] + len("{{ package_name }}")
    for path in JINJA:
        if path.name.endswith(".py.jinja"):
            for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
                if "{{ package_name }}" in line:
                    assert len(line) <= longest, f"{relative(path)}:{number}: above {longest}"


# The templates of chats are Jinja themselves, and text to these files.
OF_CHATS = ("rendering.py", "tiny.py", "templates.py")


def test_plain_python_has_no_jinja() -> None:
    for path in FILES:
        if path.suffix == ".py" and path.name not in OF_CHATS:
            text = path.read_text("utf-8")
            assert "{%" not in text and "{{ package_name" not in text, relative(path)
            assert "{{ use." not in text and "{{ framework" not in text, relative(path)


# --- what must not be in there -------------------------------------------------------------

OURS = [
    p
    for part in (
        "copier.yml",
        "questions",
        "extensions",
        "presets",
        "template",
        "docs",
        "tools",
        "tests",
    )
    for p in ([ROOT / part] if (ROOT / part).is_file() else (ROOT / part).rglob("*"))
    if p.is_file() and "__pycache__" not in p.parts
]


def test_no_package_mirror_and_no_path_of_some_machine() -> None:
    """Packages come from PyPI by default, and from PyTorch's own indexes by choice."""
    allowed = set(strings(catalog()["torch_indexes"]))
    index = re.compile(r"https?://[^\s\"'<>)]*(?:/simple|/whl|artifactory|nexus)\b[^\s\"'<>)]*")
    machine = re.compile(r"/(?:home|root|Users)/[a-z]\w*|[A-Z]:\\Users|/wor" r"k/|/tmp/de" r"v")
    for path in OURS:
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        assert set(index.findall(text)) <= allowed, relative(path)
        assert not machine.findall(text), f"{relative(path)}: {machine.findall(text)}"


def test_data_files_are_one_yaml_document_without_double_keys() -> None:
    class Strict(yaml.SafeLoader):
        pass

    def mapping(loader: Strict, node: yaml.MappingNode) -> dict[Any, Any]:
        keys = [loader.construct_object(key) for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"{node.start_mark}: {keys}"
        return dict(loader.construct_pairs(node, deep=True))

    Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    Strict.add_constructor("!include", lambda loader, node: node.value)
    for path in [p for p in DATA if p.name != "copier.yml"] + sorted((ROOT / "presets").iterdir()):
        yaml.load(path.read_text("utf-8"), Strict)


# --- the package's name --------------------------------------------------------------------


def test_reserved_names_cover_python_and_all_that_projects_install() -> None:
    reserved = {name for taken in names()["reserved"].values() for name in taken.split()}
    public = {name for name in sys.stdlib_module_names if re.fullmatch("[a-z][a-z0-9_]*", name)}
    assert public <= reserved, public - reserved
    requirements = {
        re.split(r"[\[<>=!~;]", text)[0].replace("-", "_").lower()
        for text in strings(catalog())
        if re.match(r"^[A-Za-z][\w-]*(\[[\w,-]+\])?[<>=]=", text)
    }
    assert len(requirements) > 10
    assert requirements <= reserved, requirements - reserved
    assert {"test", "tests", "uv", "python", "pip", "pytest", "class", "match"} <= reserved


def test_rules_name_only_what_exists() -> None:
    signals, frameworks, targets = (
        rules()["signals"],
        set(catalog()["frameworks"]),
        set(catalog()["targets"]),
    )
    assert set(signals) == set(rules()["questions"])
    for rule in rules()["rules"]:
        assert rule["pick"] in frameworks
        for condition in (rule.get("when", {}), rule.get("unless", {})):
            for question, answers in condition.items():
                assert set(answers) <= set(signals[question]), rule["id"]
    assert "when" not in rules()["rules"][-1], "the last rule must always match"
    for by_question in rules()["bridges"].values():
        for question, by_answer in by_question.items():
            assert set(by_answer) <= set(signals[question])
            assert all(set(bridge["targets"]) <= targets for bridge in by_answer.values())
    for by_place in rules()["targets"].values():
        assert set(by_place) <= set(rules()["meanwhile"]) <= set(signals["runs_on"])
        for named in by_place.values():
            assert ({named} if isinstance(named, str) else set(named)) <= targets


def test_no_question_has_a_name_that_yaml_or_copier_reads_otherwise() -> None:
    with worker({}) as made:
        keys = list(made.template.questions_data)
    for key in keys:
        assert isinstance(yaml.safe_load(key), str), key
        assert key not in dir(builtins) or key in {"license"}, key
    assert isinstance(jinja_env(), jinja2.Environment)
