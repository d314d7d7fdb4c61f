"""What serves every task names no word of a single one, and tells by its words what it means.

The words are looked for in identifiers, comments, strings and prose: `class_names` and `ClassNames`
name a class, Python's keyword does not. SENSES lists other meanings that a word may have anywhere,
EXEMPT the files that need one, each with the reason.
"""

from __future__ import annotations

import ast
import fnmatch
import io
import keyword
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import ROOT, catalog

TEMPLATE = ROOT / "template"
TASKS = [f"{{{{ use.{name} }}}}" for name in catalog()["tasks"]]
WORDS = frozenset(
    ["accuracies", "accuracy", "augment", "augmentation", "augmented", "augments", "class", "classes", "classification", "classified", "classifier", "classifiers", "classify", "confusion", "digit", "digits", "image", "images", "label", "labelled", "labels", "logit", "logits", "photo", "photograph", "photographs", "photos", "pixel", "pixels", "probabilities", "probability"]
)

# What the words mean elsewhere: cut out before the words are looked for.
SENSES = {
    r"\bclass(?==[\"'{])|\bclass(List|Name)\b|</?label\b|\baria-label(ledby)?\b": "HTML's",
    r"\bimage-rendering\b|\bimage/(png|jpeg|svg\+xml)\b": "CSS's, and types of media",
    r"\bhex(adecimal)? digits?\b": "of a hash",
    r"\bsettings'? class(es)?\b|\bformatter_class\b|\bclass name\b": "a class of Python",
    r"\bclass (?=\w+( extends \w+)? \{)": "a class of JavaScript",
    r"\blabel(?==)": "Matplotlib's, of a curve",
    r"\bclassifiers = ": "the Python Package Index's",
    r"\b([Cc]ontainer|Docker|official|server's|serving) images?\b|\bdocker image\b": "a container's",
}

# Files by a pattern of their path: words, and why they may stand there.
CONTAINER, CATALOG = {"image", "images"}, {"label", "labels"}
EXEMPT: dict[str, tuple[set[str], str]] = {
    "template/src/*/signature.py": (
        {"classes", "image", "labels", "pixels"},
        "it lists what the values of inputs and outputs may mean",
    ),
    "template/src/*/verification.py": (
        {"classes", "probability"},
        "it compares outputs by what their values mean",
    ),
    "template/src/*/targets/__init__.py": (
        {"class", "probability"},
        "its limits differ by what the values mean",
    ),
    "template/src/*/runs.py": (CONTAINER, "it says what the image of a server does without"),
    "*/Dockerfile*": (CONTAINER, "an image of a container"),
    "*/compose.yaml.jinja": (CONTAINER, "an image of a container"),
    "*/kubernetes.yaml.jinja": (CONTAINER | CATALOG, "Kubernetes' images and labels"),
    "*/.github/*": (CONTAINER, "the jobs that build images of containers"),
    "*/.gitlab-ci.yml.jinja": (CONTAINER, "the jobs that build images of containers"),
    "extensions/dependabot.jinja": (CONTAINER, "images of containers"),
    "extensions/choices.jinja": (CATALOG, "what a choice is called in the dialogue"),
    "extensions/targets/*.yml": (CONTAINER | CATALOG, "keys of the catalog"),
    "*/LICENSE.jinja": ({"class"}, "the words of the licence"),
}

# Words that stand for something else, and what they stood for.
METAPHORS = {
    r"\b(rooms?(?! for)|houses?)\b": "file, folder, function, project",
    r"\bends? in peace\b": "ends without an error",
    r"\bslips? of the pen\b": "mistake",
    r"\bvaults?\b": "checkpoints",
    r"\bjournals?\b": "log",
    r"\bexhibits?\b": "figure, table",
    r"\bworkshop\b": "folder, project",
}
FIXTURE = r"\bworkshop\b"  # in tests it is a fixture's name


def files() -> Iterator[Path]:
    """Every text file that users get, and the macros and texts that make them."""
    for path in sorted(TEMPLATE.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".png":
            yield path
    yield from sorted((ROOT / "extensions").glob("*.jinja"))
    yield from sorted((ROOT / "extensions" / "targets").glob("*.yml"))
    yield ROOT / "extensions" / "readme" / "target.md.jinja"


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def is_neutral(path: Path) -> bool:
    """Whether a file is rendered for every task."""
    return not any(layer in path.parts for layer in TASKS)


def blank(match: re.Match[str]) -> str:
    """As much space, so that everything else stays where it is."""
    return re.sub(r"[^\n]", " ", match.group())


def without_keywords(text: str) -> str:
    """Python less its keywords, of which `class` is one."""
    lines = [list(line) for line in text.splitlines(keepends=True)]
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NAME and keyword.iskeyword(token.string):
            row, (first, last) = token.start[0] - 1, (token.start[1], token.end[1])
            lines[row][first:last] = " " * (last - first)
    return "".join("".join(line) for line in lines)


def without_names(tag: re.Match[str]) -> str:
    """A tag of Jinja less its names, in quotes or not: they are keys of the catalog."""
    parts = re.split(r"""('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")""", tag.group())
    kept = [part if i % 2 and " " in part else " " * len(part) for i, part in enumerate(parts)]
    return "".join(
        kept[i] if "\n" not in part else re.sub(r"[^\n]", " ", part) for i, part in enumerate(parts)
    )


def words(path: str, text: str) -> Iterator[tuple[int, str]]:
    """The words of a task in a file's text, each with its line."""
    if path.endswith(".jinja") and not path.endswith(".py.jinja"):
        text = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", without_names, text, flags=re.DOTALL)
    if path.removesuffix(".jinja").endswith(".py"):
        text = without_keywords(text)
    for sense in SENSES:
        text = re.sub(sense, blank, text)
    for number, line in enumerate(text.splitlines(), 1):
        for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", line):
            if part.lower() in WORDS:
                yield number, part.lower()


def allowed(path: str) -> set[str]:
    """The words that a file may have."""
    return set().union(*(w for p, (w, _) in EXEMPT.items() if fnmatch.fnmatch(path, p)))


def test_no_neutral_file_names_a_word_of_a_task() -> None:
    found = [
        f"{name(path)}:{number}: {word}"
        for path in files()
        if is_neutral(path)
        for number, word in words(name(path), path.read_text("utf-8"))
        if word not in allowed(name(path))
    ]
    assert not found, "\n".join(["words of a task:", *found])


def test_every_exemption_is_needed() -> None:
    for pattern, (exempt, reason) in EXEMPT.items():
        met = [path for path in files() if fnmatch.fnmatch(name(path), pattern)]
        found = {word for path in met for _, word in words(name(path), path.read_text("utf-8"))}
        if pattern == "extensions/targets/*.yml" or exempt == CONTAINER:
            found |= exempt if found & exempt else set()
        assert exempt <= found, f"{pattern}: {sorted(exempt - found)} ({reason})"


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("a.py", "class Digits:\n    class_names = 1", ["digits", "class"]),
        ("a.py.jinja", "from {{ package_name }} import x  # an image", ["image"]),
        ("a.py", "@dataclass\nclass X:\n    '''a settings class'''", []),
        ("a.py", "f'{MOST_CLASSES} of {x}: <p class=\"y\">{imageCount}'", ["classes", "image"]),
        ("a.md.jinja", "{{ catalog.targets[x].label }} {{ 'an image' }} {# a photo #}", 2),
        ("a.md", "Imagery, dataclasses, Docker images, digital, reclassify", []),
        ("a.html", '<label class="row" aria-label="pixels">', ["pixels"]),
        ("a.js", "class Model extends Base { classList; labels; }", ["labels"]),
    ],
)
def test_words_are_found_where_they_stand(path: str, text: str, expected: list[str] | int) -> None:
    found = [word for _, word in words(path, text)]
    assert found == expected if isinstance(expected, list) else len(found) == expected


# --- one name for all tasks and frameworks ---------------------------------------------------------


def conditions(tree: ast.AST) -> Iterator[ast.expr]:
    """Everything that decides between two ways."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If | ast.IfExp | ast.While):
            yield node.test
        elif isinstance(node, ast.comprehension):
            yield from node.ifs
        elif isinstance(node, ast.Match):
            yield node.subject


def asks_which(condition: ast.expr) -> bool:
    """Whether a condition looks at the task's or the framework's name."""
    names = {"task", "framework", *catalog()["tasks"], *catalog()["frameworks"]}
    names |= {entry["label"].lower() for entry in catalog()["frameworks"].values()}
    for node in ast.walk(condition):
        found = getattr(node, "id", getattr(node, "attr", getattr(node, "value", None)))
        if isinstance(found, str) and found.lower() in names:
            return True
    return False


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8").replace("{{ package_name }}", "package_name"))


def test_python_never_asks_which_task_or_framework_it_has() -> None:
    """A layer's folder is how a choice is made; there is nothing to ask once it is rendered."""
    found = [
        f"{name(path)}:{condition.lineno}: {ast.unparse(condition)}"
        for path in files()
        if path.name.removesuffix(".jinja").endswith(".py")
        for condition in conditions(parsed(path))
        if asks_which(condition)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("if TASK == 'x': pass", True),
        ("y = 1 if card['framework'] else 2", True),
        ("while manifest.framework: pass", True),
        ("[x for x in y if x == 'PyTorch']", True),
        ("if tasks: pass", False),
        ("made_by = {'framework': 'PyTorch'}", False),
    ],
)
def test_questions_are_recognised(text: str, asks: bool) -> None:
    assert any(asks_which(condition) for condition in conditions(ast.parse(text))) == asks


# --- words that mean what they say -----------------------------------------------------------------


def test_no_metaphors() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "questions").iterdir()]
    pages += (ROOT / "extensions").rglob("*.*")
    found = []
    for path in {*files(), *pages}:
        for pattern, instead in METAPHORS.items():
            if pattern == FIXTURE and "tests" in path.parts:
                continue
            for match in re.finditer(pattern, path.read_text("utf-8"), re.IGNORECASE):
                line = match.string.count("\n", 0, match.start()) + 1
                found.append(f"{name(path)}:{line}: {match.group()} (say: {instead})")
    assert not found, "\n".join(sorted(found))
