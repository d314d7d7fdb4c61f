"""Whatever people type: files parse and hold it unchanged, or one line says why they cannot.

Free text goes through one door into TOML and YAML, `to_json(ensure_ascii=false)`.
"""

import ast
import shutil
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import pytest
import yaml
from harness import render
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

NASTY = [
    *(
        '"',
        "'",
        "\\",
        "\\n",
        "`",
        "#",
        ": ",
        "- ",
        "{",
        "}",
        "[",
        "]",
        "&a",
        "*a",
        "!!python",
        "|",
        ">",
        "%",
        "@",
    ),
    *(
        "{{ 7*7 }}",
        "{% raw %}",
        "{# x #}",
        "${{ github.token }}",
        "$(touch x)",
        "`id`",
        "; rm",
        "&&",
        "</title>",
    ),
    *(
        "'''",
        '"""',
        "---",
        "...",
        "\\u0041",
        "\\x41",
        "%s",
        "%(x)s",
        "null",
        "yes",
        "0123",
        "1e3",
        "~",
        "=",
        ",",
    ),
    *("é", "ß", "日本", "ع", "😀", "👍🏽", "é", "ﬁ", "𝒳"),
]
# Beyond the first 65,536 characters, where JSON, TOML and YAML part company.
ASTRAL = "Zoë 😀 𝒳 日本"
# A few of the nasty pieces and plain letters in any order: mostly accepted.
pieces = st.lists(st.sampled_from([*NASTY, "a", "B", " "]), min_size=1, max_size=8).map("".join)
typed = st.one_of(pieces.map(str.strip), st.text(min_size=1, max_size=30), st.sampled_from(NASTY))
slow = settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@contextmanager
def project(**answers: str) -> Iterator[Path | None]:
    """The rendered project, or None after a refusal whose last line gives a reason."""
    folder = Path(mkdtemp(prefix="pickone-hostile-"))
    try:
        given_ = {"license": "MIT", "goal": "research"} | answers
        try:
            render(folder / "project", given_)
        except ValueError as error:
            [key] = answers
            reason = str(error).splitlines()[-1]
            assert key in str(error) and len(reason.split()) >= 3, f"no reason in {error!r}"
            assert not (folder / "project").exists(), "something was left behind"
            yield None
        else:
            yield folder / "project"
    finally:
        shutil.rmtree(folder)


def load_yaml(path: Path) -> dict[str, object]:
    loaded: dict[str, object] = yaml.safe_load(path.read_text("utf-8"))
    return loaded


def stored(folder: Path, key: str) -> object:
    return load_yaml(folder / ".copier-answers.yml")[key]


def packaging(folder: Path) -> dict[str, object]:
    table: dict[str, object] = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))[
        "project"
    ]
    return table


def everything_else_is_sound(folder: Path) -> None:
    """Python, YAML and TOML files of the project parse."""
    for path in folder.rglob("*.py"):
        ast.parse(path.read_text("utf-8"))
    for path in [*folder.rglob("*.y*ml"), *folder.rglob("*.cff")]:
        list(yaml.safe_load_all(path.read_text("utf-8")))  # Kubernetes' have several documents
    for path in folder.rglob("*.toml"):
        tomllib.loads(path.read_text("utf-8"))


@slow
@given(typed.map(lambda text: text[:60]))
@example("{{ 7*7 }}")
@example(ASTRAL)
@example('"; import os; "')
@example("Torch")
@example("😀")
@example("x" * 60)
@example("x" * 61)
@example("a\nb")
@example("a\u2028b")
@example("")
def test_project_name(text: str) -> None:
    with project(project_name=text) as folder:
        if folder is None:
            return
        everything_else_is_sound(folder)
        assert stored(folder, "project_name") == text
        assert load_yaml(folder / "CITATION.cff")["title"] == text
        assert text in (folder / "README.md").read_text("utf-8")
        assert f"Copyright (c) {text} contributors\n" in (folder / "LICENSE").read_text("utf-8")
        name = packaging(folder)["name"]
        assert isinstance(name, str) and name.isascii() and name == name.lower()


@slow
@given(typed)
@example('\\" }, { name = "x')
@example(ASTRAL)
@example("x" * 201)
@example("tab\there")
def test_description(text: str) -> None:
    with project(description=text) as folder:
        if folder is None:
            return
        everything_else_is_sound(folder)
        assert stored(folder, "description") == text
        assert packaging(folder)["description"] == text
        assert load_yaml(folder / "CITATION.cff")["abstract"] == text
        assert text in (folder / "README.md").read_text("utf-8")


@slow
@given(typed)
@example('Zoë "Z" O\'Brien <z@example.org>')
@example(ASTRAL)
@example("")
@example("\x1b[31mred")
def test_user_name(text: str) -> None:
    with project(user_name=text) as folder:
        if folder is None:
            return
        everything_else_is_sound(folder)
        assert stored(folder, "user_name") == text
        assert packaging(folder)["authors"] == ([{"name": text}] if text else [])
        holder = text or "My Model contributors"
        assert load_yaml(folder / "CITATION.cff")["authors"] == [{"name": holder}]
        assert f"Copyright (c) {holder}\n" in (folder / "LICENSE").read_text("utf-8")


@slow
@given(st.one_of(typed, st.emails(), pieces.map(lambda text: f"{text}@example.org")))
@example("")
@example("a@b")
@example('"a b"@example.org')
def test_user_email(text: str) -> None:
    with project(user_email=text) as folder:
        if folder is None:
            return
        everything_else_is_sound(folder)
        assert stored(folder, "user_email") == text
        assert packaging(folder)["authors"] == ([{"email": text}] if text else [])
        whom = f"Write to {text}," if text else "Tell the owner of this repository in private"
        assert whom in (folder / "SECURITY.md").read_text("utf-8")


@slow
@given(st.one_of(typed, st.from_regex(r"[a-z][a-z0-9_]{0,30}", fullmatch=True)))
@example("torch")
@example("class")
@example("json")
@example("../up")
@example("a/b")
@example("x" * 60)
@example("a\n")
def test_package_name(text: str) -> None:
    with project(package_name=text) as folder:
        if folder is None:
            return
        everything_else_is_sound(folder)
        assert text.isidentifier() and text.islower() and text.isascii()
        assert stored(folder, "package_name") == text
        assert [path.name for path in (folder / "src").iterdir()] == [text]
        scripts = packaging(folder)["scripts"]
        assert isinstance(scripts, dict) and list(scripts.values()) == [f"{text}.cli:main"]


@pytest.mark.parametrize("license_", ["MIT", "Apache-2.0", "BSD-3-Clause", "proprietary"])
def test_every_licence_names_its_holder(license_: str, tmp_path: Path) -> None:
    name = 'Zoë {{ 7*7 }} "Z" & Söhne'
    folder = render(tmp_path / "project", {"user_name": name, "license": license_})
    assert name in (folder / "LICENSE").read_text("utf-8")
