"""The documentation site: it builds, its links lead somewhere, nothing comes from elsewhere."""

from __future__ import annotations

import posixpath
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import pytest
import yaml
from harness import ROOT, catalog, render, rules
from readme import commands

sys.path.insert(0, str(ROOT / "tools"))

import docs_site
import terminal_picture

DOCS = ROOT / "docs"
PICTURES = sorted((DOCS / "pictures").iterdir())
LARGEST = 200_000  # bytes of a picture
LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}


class Page(HTMLParser):
    """What a page of the site leads to, what it loads, and the names of its places."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.leads_to: list[str] = []
        self.loads: list[str] = []
        self.places: set[str] = set()
        self.described = True
        self.feed(file.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one element."""
        given = {key: value or "" for key, value in attrs}
        self.places |= {given[key] for key in ("id", "name") if given.get(key)}
        if tag == "a" and given.get("href"):
            self.leads_to.append(given["href"])
        elif tag in LOADED and given.get(LOADED[tag]):
            self.loads.append(given[LOADED[tag]])
        if tag == "img" and not given.get("alt"):
            self.described = False


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Page]:
    """Every page by its name; building fails on each warning."""
    folder = tmp_path_factory.mktemp("docs") / "site"
    docs_site.build(folder)
    assert not list(folder.rglob("*.md")), "a page was left as it was"
    found = {
        file.relative_to(folder).as_posix(): Page(file) for file in sorted(folder.rglob("*.html"))
    }
    found[""] = Page(folder / "index.html")
    found[""].places = {file.relative_to(folder).as_posix() for file in folder.rglob("*")}
    return found


def test_every_page_of_the_repository_is_in_the_menu(site: dict[str, Page]) -> None:
    sources = {
        place.removesuffix(".md") for place in docs_site.pages().values() if place[-3:] == ".md"
    }
    assert {name.removesuffix(".html") for name in site} - {"", "404"} == sources
    menu = set(site["index.html"].leads_to)
    assert {f"{name}.html" for name in sources} - {"index.html"} <= menu


def test_every_link_leads_somewhere(site: dict[str, Page]) -> None:
    files, checked = site[""].places, 0
    for name, page in site.items():
        for link in page.leads_to + page.loads:
            address = urlsplit(link)
            if address.scheme or name in ("", "404.html"):  # the latter is shown at any address
                continue
            target = posixpath.normpath(unquote(address.path)) if address.path else name
            assert target in {".", *files}, f"{name}: {link}"
            if address.fragment and target in site:
                assert unquote(address.fragment) in site[target].places, f"{name}: {link}"
            checked += 1
    assert checked > 200


def test_links_to_the_repository_name_what_is_there(site: dict[str, Page]) -> None:
    found = {link for page in site.values() for link in page.leads_to if "/pickone/" in link}
    assert len(found) >= 5
    for link in found:
        where = re.fullmatch(
            r"https://github\.com/OWNER/pickone/(blob|tree)/main/([^#]+)(#.+)?", link
        )
        assert where, link
        there = ROOT / unquote(where[2])
        assert there.is_file() if where[1] == "blob" else there.is_dir(), link


def test_nothing_is_loaded_from_another_host(site: dict[str, Page]) -> None:
    for name, page in site.items():
        assert not [link for link in page.loads if urlsplit(link).netloc], name
        assert page.described, f"{name}: a picture without words for those who cannot see it"


def test_places_within_pages_are_there_in_the_repository_too() -> None:
    """As a host shows the files: links with a #, of all pages at the top and in docs/."""
    for page in [*ROOT.glob("*.md"), *DOCS.glob("*.md")]:
        for link, place in re.findall(r"\]\(([^)#\s:]*)#([^)\s]+)\)", page.read_text("utf-8")):
            target = page.parent / link if link else page
            heads = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}
            assert place in slugs, f"{page.name}: {link}#{place}"


def test_pictures_are_small_and_complete() -> None:
    texts = "".join(page.read_text("utf-8") for page in [ROOT / "README.md", *DOCS.glob("*.md")])
    for picture in PICTURES:
        assert picture.stat().st_size < LARGEST, picture.name
        assert f"pictures/{picture.name}" in texts, f"{picture.name} is on no page"
        if picture.suffix == ".svg":
            root = ElementTree.parse(picture).getroot()
            assert root.find("{*}title") is not None
            used = {element.tag.split("}")[1] for element in root.iter()}
            assert used <= {"svg", "title", "style", "rect", "path", "text"}, used


def test_the_picture_of_the_dialogue_asks_what_the_dialogue_asks() -> None:
    shown = ElementTree.parse(DOCS / "pictures" / "dialogue.svg").getroot()
    lines = [element.text or "" for element in shown.findall("{*}text")]
    project, decision = (
        yaml.safe_load((ROOT / "questions" / f"{name}.yml").read_text("utf-8"))
        for name in ("project", "decision")
    )
    hints = decision["runs_on"]["help"].splitlines()[1:]
    texts = [project["project_name"]["help"], *rules()["questions"].values(), *hints]
    assert [text for text in texts if text.strip() not in lines] == []
    assert any(
        rules()["rules"][-1]["because"].startswith(line.split("because ")[1])
        for line in lines
        if "because " in line
    )


def test_every_command_of_the_pages_is_typed_somewhere(tmp_path: Path) -> None:
    """By test_readme, by the suites in projects, by test_adopt or by test_monorepo."""
    project = render(tmp_path / "project")
    typed = {line for page in ("adopt", "monorepo") for line in commands(DOCS / f"{page}.md")}
    typed |= {*commands(ROOT / "README.md"), *commands(project / "README.md"), "cd my-model"}
    for page in sorted(DOCS.glob("*.md")):
        for command in commands(page):
            assert command in typed, f"{page.name}: {command}"


def test_the_job_builds_what_the_readme_names() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text("utf-8"))
    runs = [step["run"] for step in workflow["jobs"]["docs"]["steps"] if "run" in step]
    assert "requirements-docs.txt" in runs[0] and (ROOT / "requirements-docs.txt").is_file()
    assert "tools/docs_site.py" in runs[1]
    assert "tools/docs_site.py" in (ROOT / "README.md").read_text("utf-8")


def test_a_link_to_nowhere_is_refused() -> None:
    with pytest.raises(SystemExit, match="leads nowhere"):
        docs_site.leads_to("nothing.md", "docs/start.md", "https://example.com")
    assert docs_site.leads_to("../CONTRIBUTING.md", "docs/start.md", "") == "contributing.md"
    assert docs_site.leads_to("docs/start.md", "CHANGELOG.md", "") == "start.md"
    assert docs_site.leads_to("../presets", "docs/start.md", "x") == "x/tree/main/presets"


def test_a_terminal_is_drawn_as_it_looks() -> None:
    screen = "\x1b[1m\x1b[38;5;214m<b>\x1b[0m and \x1b[7mhere\x1b[27m\n\U0001f3a4 \x1b[31mred\n\n\n"
    drawn = terminal_picture.picture(screen, "A & B")
    root = ElementTree.fromstring(drawn)
    texts = {
        element.text: dict(element.attrib) for element in root.iter() if element.tag[-4:] == "text"
    }
    assert list(texts) == ["<b>", "and", "here", "●", "red"]
    assert texts["<b>"]["fill"] == "#ffaf00" and texts["<b>"]["class"] == "b"
    assert "class" not in texts["and"] and texts["here"]["fill"] == terminal_picture.BACKGROUND
    assert texts["red"]["fill"] == terminal_picture.BASIC[1]
    assert float(texts["red"]["x"]) == pytest.approx(
        terminal_picture.MARGIN + 3 * terminal_picture.COLUMN
    )


def test_the_page_of_projects_names_every_task_and_target() -> None:
    page = (DOCS / "projects.md").read_text("utf-8").lower()
    assert [key for key in catalog()["targets"] if f"| `{key}` |" not in page] == []
    labels = [entry["label"].partition(" (")[0].lower() for entry in catalog()["tasks"].values()]
    assert [label for label in labels if label not in page] == []
