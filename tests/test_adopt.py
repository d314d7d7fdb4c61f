"""An existing repository comes under the template as docs/adopt.md says, and loses nothing."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from harness import ROOT, copy_template, render
from project_lab import environment
from update_lab import EARLIER, NEXT, Lab, commit, conflicts, dirt, files, git, stored

PAGE = (ROOT / "docs" / "adopt.md").read_text("utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
OWN = {
    "README.md": b"# Fraud\n\nMy own words.\n",
    "pyproject.toml": b'[project]\nname = "fraud"\nversion = "3.1"\n',
    ".gitignore": b"*.log\n",
    "src/fraud/__init__.py": b"",
    "src/fraud/cli.py": b"print('my own')\n",
    "src/fraud/rules.py": b"LIMIT = 3\n",
    "notes/windows.txt": b"one\r\ntwo\r\n",
    "data/rows.csv": b"a,b\n1,2\n",
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return Lab(tmp_path_factory.mktemp("adopt"))


def typed(commands: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", commands], cwd=folder, env=environment(), capture_output=True, text=True
    )


def existing(folder: Path) -> Path:
    """A repository with a history of its own."""
    for name, body in OWN.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(body)
    commit(folder, "Years of work")
    (folder / ".gitignore").write_bytes(OWN[".gitignore"])
    return folder


def test_the_page_brings_a_repository_under_the_template_and_updates_work(
    lab: Lab, tmp_path: Path
) -> None:
    project = existing(tmp_path / "fraud")
    history = git(project, "rev-parse", "HEAD").strip()
    copier = f"{sys.executable} -m copier copy --defaults --vcs-ref {EARLIER[1]}"
    copier += " --data package_name=fraud --data targets=[] --data license=proprietary --quiet"
    bring = BLOCKS[0].replace("uvx copier copy", copier)
    bring = bring.replace("https://github.com/OWNER/pickone.git", str(lab.template))
    assert bring.count(str(lab.template)) == 1
    done = typed(bring, project)
    rendered = files(tmp_path / "render")
    assert "Automatic merge failed" in done.stdout, done.stdout + done.stderr

    both = {name for name in OWN if name in rendered}
    code = {"src/fraud/__init__.py", "src/fraud/cli.py"}
    assert both == {"README.md", "pyproject.toml", ".gitignore", *code}
    unmerged = git(project, "diff", "--name-only", "--diff-filter=U").split()
    # To git an empty file is no text of its own: it takes the template's.
    different = {name for name in both if OWN[name] and OWN[name] != rendered[name]}
    assert set(unmerged) == different
    for name in unmerged:
        assert git(project, "show", f":2:{name}").encode() == OWN[name]
        assert git(project, "show", f":3:{name}").encode() == rendered[name]
    for name in OWN.keys() - both:
        assert (project / name).read_bytes() == OWN[name]
    for name in rendered.keys() - different:
        assert (project / name).read_bytes() == rendered[name]

    # As the table says: one's own words, the template's settings with one's own version.
    git(project, "checkout", "--ours", "README.md", "src/fraud/cli.py")
    git(project, "checkout", "--theirs", "pyproject.toml")
    settings = project / "pyproject.toml"
    settings.write_text(settings.read_text().replace('version = "0.1.0"', 'version = "3.1"'))
    (project / ".gitignore").write_bytes(rendered[".gitignore"] + OWN[".gitignore"])
    end = typed(BLOCKS[1].replace("uv run pytest\n", ""), project)
    assert end.returncode == 0, end.stderr
    assert dirt(project) == [] and not (tmp_path / "render").exists()
    assert history in git(project, "rev-list", "HEAD").split()

    lab.update(project, NEXT)
    assert conflicts(project) == [] and stored(project)["_commit"] == NEXT
    now, fresh = files(project), lab.fresh(NEXT, project)
    changed = {"README.md", "pyproject.toml", ".gitignore", "src/fraud/cli.py"}
    kept = {**fresh, **{n: OWN[n] for n in OWN if n not in fresh}}
    assert {n: b for n, b in now.items() if n not in changed} == {
        n: b for n, b in kept.items() if n not in changed
    }
    assert now["README.md"] == OWN["README.md"]
    assert now["src/fraud/cli.py"] == OWN["src/fraud/cli.py"]
    assert now["pyproject.toml"] == fresh["pyproject.toml"].replace(b"0.1.0", b"3.1", 1)
    assert now[".gitignore"] == fresh[".gitignore"] + OWN[".gitignore"]


def test_a_copy_into_a_folder_with_files_of_its_names_is_refused_before_it_writes(
    tmp_path: Path,
) -> None:
    folder = existing(tmp_path / "[full]")
    before = files(folder)
    names = r"\(\.gitignore, pyproject\.toml, README\.md\): docs/"
    for overwrite in (False, True):
        with pytest.raises(ValueError, match=names):
            render(folder, overwrite=overwrite)
        assert files(folder) == before


def test_a_folder_with_other_files_is_welcome_and_so_is_a_project(tmp_path: Path) -> None:
    folder = tmp_path / "data-first"
    (folder / "data").mkdir(parents=True)
    for name in ("data/README.md", "notes.txt", "conftest.py"):
        (folder / name).write_text("mine\n")
    git(folder, "init", "--quiet")
    render(folder)
    assert (folder / "notes.txt").read_text() == "mine\n" and (folder / "config.toml").exists()
    render(folder, {"ci": "gitlab"}, overwrite=True)


def test_a_layers_file_is_one_of_the_templates_names(tmp_path: Path) -> None:
    """LICENSE and CITATION.cff come from layers, one folder below the template's top."""
    template = copy_template(tmp_path / "template")
    (tmp_path / "full").mkdir()
    for name in ("LICENSE", "config.toml"):
        (tmp_path / "full" / name).touch()
    with pytest.raises(ValueError, match=r"\(config\.toml, LICENSE\)"):
        render(tmp_path / "full", src=template)
