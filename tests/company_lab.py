"""A company's fork: its settings, upstream's next release, and what is wrong with one."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import copier
import yaml
from copier._settings import SettingsModel
from harness import copy_template, jinja_env, questions, short_cuts, worker
from update_lab import commit, git

OWN = "template/{{ use.company }}"
SETTINGS: dict[str, Any] = {
    "allowed": {
        "framework": ["tensorflow"],
        "task": ["tabular", "forecasting"],
        "targets": ["onnx", "tf_serving", "tflite"],
        "ci": ["gitlab", "github"],
        "license": ["proprietary", "Apache-2.0"],
        "tracker": ["mlflow"],
        "cluster": ["kubeflow"],
    },
    "defaults": {"update_pr": True, "cluster": ["kubeflow"]},
    "index": {
        "uv": "https://packages.example.com/python",
        "pip": "https://packages.example.com/pip",
        "npm": "https://packages.example.com/npm/",
        "torch": {"cpu": "https://packages.example.com/torch-cpu"},
    },
    "images": "images.example.com/mirror",
    "registry": "images.example.com/ml",
    "login": ["uv", "images"],
    "runners": {"github": ["self-hosted", "linux"], "gitlab": ["ml-small"]},
    "owners": ["@example/ml-platform", "ml@example.com"],
    "retired": ["business_unit"],
    "license": {
        "holder": "Example Ltd",
        "header": "Confidential. Not for release.",
        "source": "Copyright Example Ltd\nNot for release",
    },
}
QUESTION = {"type": "str", "ask": False, "help": "Who pays for it", "default": "0000"}
PATTERNS = {  # what goes into files that run commands
    "address": r"https://[\w.-]+(:\d+)?(/[\w./~-]*)?",
    "image": r"[\w.-]+(:\d+)?(/[\w.-]+)*",
    "runner": r"[\w.-]+",
    "owner": r"@[\w./-]+|[\w.+-]+@[\w.-]+",
}


def own_settings(folder: Path) -> dict[str, Any]:
    settings: dict[str, Any] = yaml.safe_load(
        (folder / "extensions" / "company.yml").read_text("utf-8")
    )["_company"]
    return settings


def faults(settings: dict[str, Any]) -> Iterator[str]:
    """What is wrong with a company's settings: names that nothing has, texts that are no name."""
    with worker({}) as asked:
        asked._ask()
        found = asked.answers.combined
        known = json.loads(
            str(vars(jinja_env().get_template("extensions/company.jinja").module)["settings"](None))
        )
    kinds = {"framework": "frameworks", "task": "tasks", "license": "licenses"}
    kinds |= {"tracker": "trackers", "cluster": "clusters"}
    yield from (f"no setting is called {key}" for key in settings.keys() - known.keys())
    for key in ("allowed", "index", "runners", "license"):
        for name in (settings.get(key) or {}).keys() - known[key].keys():
            yield f"no setting is called {key}.{name}"
    for key, values in (settings.get("allowed") or {}).items():
        for value in set(values or []) - set(found["catalog"][kinds.get(key, key)]):
            yield f"allowed.{key} has {value}, which is no choice"
    silent = {key: one for key, one in questions().items() if one.choices and not one.shown}
    for key, value in (settings.get("defaults") or {}).items():
        if key not in silent:
            yield f"no setting is called defaults.{key}"
            continue
        allowed = (settings.get("allowed") or {}).get(key) or silent[key].choices
        several = silent[key].kind == "several"
        if isinstance(value, list) != several:
            yield f"defaults.{key} takes {'a list' if several else 'one answer'}, not {value!r}"
            continue
        for one in value if several else [value]:
            if one not in silent[key].choices or one not in allowed:
                yield f"defaults.{key} has {one!r}, which is none of {', '.join(map(str, allowed))}"
    for name in settings.get("login") or []:
        if not {"uv": settings.get("index") or {}, "images": settings}.get(name, {}).get(name):
            yield f"login has {name}, which is no address"
    index, runners = settings.get("index") or {}, settings.get("runners") or {}
    texts = [("address", v) for k, v in index.items() if k != "torch"]
    texts += [("address", value) for value in (index.get("torch") or {}).values()]
    texts += [("image", settings.get(key)) for key in ("images", "registry")]
    for value in runners.values():
        texts += [("runner", v) for v in ([value] if isinstance(value, str) else value or [])]
    texts += [("owner", value) for value in settings.get("owners") or []]
    for kind, text in texts:
        if text and not re.fullmatch(PATTERNS[kind], text):
            yield f"{text!r} is no {kind}"


def bare(path: Path, top: Path) -> str:
    """Where a file of the template ends up: layers are left out, and so is case."""
    parts = [p for p in path.relative_to(top).parts if not re.fullmatch(r"\{\{ use\.\w+ \}\}", p)]
    return "/".join(parts).removesuffix(".jinja").casefold()


def clashes(folder: Path) -> set[str]:
    """Paths of the company's own files that the template has as well."""
    top, own = folder / "template", folder / OWN
    everything = [path for path in top.rglob("*") if path.is_file()]
    theirs = {bare(path, own) for path in everything if own in path.parents}
    return theirs & {bare(path, top) for path in everything if own not in path.parents}


def doubled(folder: Path) -> set[str]:
    """Questions of the company's own that the template asks as well: one of the two would win."""
    own = yaml.safe_load((folder / "extensions" / "company.yml").read_text("utf-8")).keys()
    everything = "".join(p.read_text("utf-8") for p in (folder / "questions").glob("*.yml"))
    return {key for key in own if re.search(rf"^{key}:", everything, re.MULTILINE)}


def edit(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text("utf-8")
    assert old in text, f"{name} no longer has {old!r}: mend tests/company_lab.py"
    (folder / name).write_text(text.replace(old, new), "utf-8")


def next_release(folder: Path) -> None:
    """Upstream goes on: a line more in every file that knows of company.yml, and new choices."""
    pages = folder / "template" / "docs"
    for path in [*folder.rglob("*.jinja"), *folder.rglob("*.yml")]:
        name = path.relative_to(folder).as_posix()
        text = path.read_text("utf-8")
        if re.search(r"company|banned", text) and name != "extensions/company.yml":
            edge = "{# Upstream was here. #}" if path.suffix == ".jinja" else "# Upstream was here."
            path.write_text(f"{text.rstrip()}\n{edge}\n", "utf-8")
    catalog = "extensions/catalog.yml"
    edit(folder, catalog, "ci:\n", "ci:\n  other: {label: Other CI, readme: Other CI.}\n")
    edit(folder, catalog, "trackers:\n", "trackers:\n  other: {label: X, packages: []}\n")
    edit(folder, catalog, "licenses:\n", "licenses:\n  X: {label: X, layer: license_x}\n")
    edit(folder, "extensions/pins.yml", "python:3.13.12-slim", "python:3.13.13-slim")
    for kind, old in (("targets", "onnx"), ("tasks", "tabular"), ("clusters", "slurm")):
        new = (folder / "extensions" / kind / f"{old}.yml").read_text("utf-8")
        new = new.replace(f"name: {old}", "name: newest").replace("label: ", "label: New ")
        (folder / "extensions" / kind / "newest.yml").write_text(
            re.sub(r"order: 10", "order: 11", new)
        )
    silent = folder / "questions" / "silent.yml"
    silent.write_text(
        silent.read_text("utf-8") + "\nnewest:\n  type: str\n  ask: false\n  default: x\n"
    )
    workflow = "template/{{ use.github }}/.github/workflows/ci.yml.jinja"
    edit(folder, workflow, "timeout-minutes: 20", "timeout-minutes: 21")
    (pages / "newest.md").write_text("# New\n")


def make_fork(folder: Path) -> Path:
    """Make a company's fork, into which it has merged upstream's next release."""
    upstream, fork = folder / "upstream", folder / "fork"
    copy_template(upstream)
    commit(upstream, "A release")
    git(folder, "clone", "--quiet", str(upstream), str(fork))

    company = fork / "extensions" / "company.yml"
    company.write_text(yaml.safe_dump({"_company": SETTINGS, "cost_centre": QUESTION}), "utf-8")
    (fork / OWN / "docs").mkdir(parents=True)
    (fork / OWN / "docs" / "policy.md.jinja").write_text("Paid by {{ cost_centre }}.\n")
    (fork / OWN / "{{ use.gitlab }}").mkdir()
    (fork / OWN / "{{ use.gitlab }}" / "gitlab.txt").write_text("Ours\n")
    commit(fork, "Company settings")

    next_release(upstream)
    assert len(git(upstream, "status", "--porcelain").splitlines()) > 20
    commit(upstream, "The next release")
    git(fork, "pull", "--quiet", "--no-rebase", "--no-edit", "origin", "main")  # fails on conflicts
    assert git(fork, "diff", "--name-only", "origin/main").splitlines() != []
    return fork


def render(source: Path, folder: Path, **answers: Any) -> Path:
    with short_cuts():
        call: dict[str, Any] = {"defaults": True, "quiet": True, "settings": SettingsModel()}
        copier.run_copy(str(source), folder, answers, **call)
    return folder


def copied(fork: Path, folder: Path) -> Path:
    """A copy to render from, or to change."""
    shutil.copytree(fork, folder, ignore=shutil.ignore_patterns(".git"))
    return folder


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from leaves(item, f"{name}.{key}")
    else:
        yield name, value
