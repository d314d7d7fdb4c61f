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
# Layers of one task: its own, those of targets that carry no other, and what these share.
OF_ONE_TASK = [
    *catalog()["tasks"],
    *(name for name, entry in catalog()["targets"].items() if len(entry["tasks"]) == 1),
    "chat",
]
TASKS = [f"{{{{ use.{name} }}}}" for name in OF_ONE_TASK]
WORD = re.compile(
    r"accurac(y|ies)|augment(s|ed|ation)?|class(es|ify|ified|ifiers?|ification)?|confusion|digits?"
    r"|images?|label(s|led)?|logits?|photo(s|graphs?)?|pixels?|probabilit(y|ies)"
)

# What the words mean elsewhere: cut out before the words are looked for.
SENSES = {
    r"\bclass(?==[\"'{])|\bclass(List|Name)\b|</?label\b|\baria-label(ledby)?\b": "HTML's",
    r"\bimage-rendering\b|\bimage/(png|jpeg|svg\+xml)\b": "CSS's, and types of media",
    r"\b([\d,]+|hex|hexadecimal|three) digits\b|\bstring\.digits\b": "of a number, of texts",
    r"\bsettings'? class(es)?\b|\bformatter_class\b": "a class of Python",
    r"(?m)^ *class (?=\w+[(:])": "a class of Python, in a program that is a text",
    r"\bclass (?=\w+( extends \w+)? \{)": "a class of JavaScript",
    r"\blabel(?==)": "Matplotlib's, of a curve",
    r"(?<=\.)labels\b|\blabels(?==)|[\"']labels[\"']": "the signature's: names along an axis",
    r"\blimits\.probability\b": "the limit's, in targets/__init__.py",
    r"\bclassifiers = ": "the Python Package Index's",
    r"\b(container|Docker|docker|official|server's) images?\b": "a container's",
}

# Files by a pattern of their path: words, and why they may stand there.
EXEMPT = {
    "template/src/*/signature.py": (
        "classes image labels pixels",
        "it lists what the values of inputs and outputs may mean",
    ),
    "template/src/*/verification.py": (
        "classes probability",
        "it compares outputs by what their values mean",
    ),
    "template/src/*/targets/__init__.py": (
        "class probability",
        "its limits differ by what the values mean",
    ),
    "template/src/*/runs.py": ("image", "it says what the container's image does without"),
    "*/Dockerfile*": ("image", "a container's image"),
    "*/compose.yaml.jinja": ("image", "a container's image"),
    "*/deploy/kubeflow/train-job.yaml.jinja": ("image", "a container's image"),
    "*/kubernetes.yaml.jinja": ("image label labels", "a container's image; Kubernetes' labels"),
    "*/.github/*": ("image", "the jobs that build containers' images"),
    "*/.gitlab-ci.yml.jinja": ("image", "the jobs that build containers' images"),
    "extensions/dependabot.jinja": ("image images", "containers' images"),
    "template/.devcontainer/devcontainer.json.jinja": ("image", "a container's image"),
    "*tf_serving*container.py*": ("image", "it runs the official container's image"),
    "*/tf_serving/server.py": ("image", "it runs the official container's image"),
    "template/{{ use.tf_serving }}/*": ("classify label labels", "labels of versions; a method"),
    "*/test_tf_serving_server.py.jinja": ("images", "the health check of a container's image"),
    "*/docs/targets/tf_serving.md.jinja": ("image", "a container's image"),
    "*/docs/targets/*.md.jinja": (
        "classes labels probability",
        "limits differ by what the values mean; labels are the signature's",
    ),
    "*/tflite_micro/*": (
        "classes label labels probabilities",
        "the firmware reports outputs by what their values mean, with the signature's labels",
    ),
    "template/{{ use.classes }}/*": (
        "accuracy class classes confusion digits labels probabilities probability",
        "what reports and pages on classes share; rendered for tasks that have them",
    ),
    "template/{{ use.images }}/*": (
        "class classes digits image images label labels pixel pixels",
        "how images are read; rendered for tasks that read them",
    ),
    "template/*{{ use.rows }}/*": (
        "class labels",
        "rows in parts that have equal shares of each class; for tasks that read tables",
    ),
    "template/*{{ use.columns }}/*": (
        "digit digits",
        "how numbers and dates are written; rendered for tasks that read columns",
    ),
    "*/{{ use.tflite_micro }}/tests/*": ("classes label labels probabilities", "its tests"),
    "template/tests/test_verification.py.jinja": ("classes probabilities", "its tests"),
    "*/{{ use.torchserve }}/*": (
        "class classes label labels probabilities probability",
        "an answer of classes has a form that clients of TorchServe know",
    ),
    "*/serving/observability.py": ("labels", "Prometheus' labels"),
    "*/serving/routes.py": ("class", "a parameter of FastAPI"),
    "*/test_server_operations.py.jinja": ("labels", "Prometheus' labels"),
    "*/docs/targets/onnx.md.jinja": ("image", "a container's image"),
    "extensions/choices.jinja": ("label", "what a choice is called in the dialogue"),
    "extensions/targets/*.yml": ("image label", "keys of the catalog"),
    "*/LICENSE.jinja": ("class", "the words of the licence"),
}

# Words that stand for something else, and what they stood for.
METAPHORS = {
    r"\brooms\b|\bhouses?\b": "file, folder, function, project",
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
        cached = any(part == "__pycache__" or part.endswith("_cache") for part in path.parts)
        if path.is_file() and not cached and path.suffix != ".png":
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
            if WORD.fullmatch(part.lower()):
                yield number, part.lower()


def allowed(path: str) -> set[str]:
    """The words that a file may have."""
    fitting = [exempt for pattern, exempt in EXEMPT.items() if fnmatch.fnmatch(path, pattern)]
    return {word for words, _ in fitting for word in words.split()}


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
        fitting = [path for path in files() if fnmatch.fnmatch(name(path), pattern)]
        found = {word for path in fitting for _, word in words(name(path), path.read_text("utf-8"))}
        unneeded = set(exempt.split()) - found
        assert not unneeded, f"{pattern}: {unneeded} ({reason})"


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


# --- one name for all tasks and frameworks --------------------------------------------------------


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
    """Whether a condition looks at the task or the framework, whatever holds its name."""
    for node in ast.walk(condition):
        found = getattr(node, "id", getattr(node, "attr", getattr(node, "value", None)))
        if isinstance(found, str) and found.lower() in ("task", "framework"):
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
        ("[x for x in y if x.task == 'PyTorch']", True),
        ("if tasks and 'tensorflow' in sys.modules: pass", False),
        ("made_by = {'framework': 'PyTorch'}", False),
    ],
)
def test_questions_are_recognised(text: str, asks: bool) -> None:
    assert any(asks_which(condition) for condition in conditions(ast.parse(text))) == asks


# --- words that mean what they say ----------------------------------------------------------------


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
