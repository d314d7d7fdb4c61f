"""The page that all engines share, around an engine of a few lines: layout, behaviour, errors.

`page_lab.prove_page` puts the real engines to the test, in the suites that export for them.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from harness import ROOT
from page_lab import Visit, static_server, visits

TEMPLATE = ROOT / "template"
LAYER, INSIDE = TEMPLATE / "{{ use.page }}", Path("src", "{{ package_name }}", "page")
SHELL, IMAGES = LAYER / INSIDE, LAYER / "{{ use.image_classification }}" / INSIDE
TABLES = LAYER / "{{ use.tabular }}" / INSIDE
SERIES, COLUMNS = LAYER / "{{ use.forecasting }}" / INSIDE, LAYER / "{{ use.columns }}" / INSIDE
BARS = TEMPLATE / "{{ use.classes }}" / "{{ use.page }}" / INSIDE
DELIVERIES = ROOT / "tests" / "toy" / "template" / "{{ use.page }}" / "{{ use.toy }}" / INSIDE
EXAMPLES = TEMPLATE / "{{ use.image_classification }}" / "examples"
# Its answer is class `sum of the input's bytes modulo the classes`, at 90 %.
ENGINE = """
export const name = "Counting";
export const backends = ["wasm", "webgpu"];
export async function load(manifest, backend) {
  if (manifest.details.slow) await new Promise((resolve) => setTimeout(resolve, 2000));
  if (manifest.details.broken) throw new Error("no memory is left.\\nstack");
  const [{ labels }] = manifest.signature.outputs;
  let busy = false;
  async function predict({ images }, rows) {
    if (manifest.details.mute) throw new Error("the device was lost");
    if (busy) throw new Error("two questions at once");
    busy = true;
    await new Promise((resolve) => setTimeout(resolve, 30));
    busy = false;
    const sum = images.reduce((a, b) => a + Math.round(b * 255), 0);
    const probabilities = new Float32Array(labels.length).fill(0.1 / (labels.length - 1));
    probabilities[sum % labels.length] = 0.9;
    return { probabilities };
  }
  return { version: "1.0", backend, predict };
}
"""
# Answers with the sum of the numbers, and whether the sum of the codes is even.
ADDING = """
export const name = "Adding";
export const backends = ["wasm"];
const sum = (values) => values.reduce((a, b) => a + b, 0);
export async function load(manifest, backend) {
  async function predict({ numbers, codes }, rows) {
    const types = [numbers.constructor.name, codes.constructor.name, rows].join();
    if (types !== "Float32Array,Int32Array,1") throw new Error(`these are ${types}`);
    return { price: Float32Array.of(sum(numbers)), express: Uint8Array.of(sum(codes) % 2 === 0) };
  }
  return { version: "1.0", backend, predict };
}
"""
# Answers with the sum of the numbers, or with shares of the outputs that the codes decide.
TABULAR = """
export const name = "Adding";
export const backends = ["wasm"];
const sum = (values) => values.reduce((a, b) => a + b, 0);
export async function load(manifest, backend) {
  const [{ name, labels }] = manifest.signature.outputs;
  async function predict({ numbers, codes }, rows) {
    if (name === "value") return { value: Float32Array.of(sum(numbers)) };
    const shares = new Float32Array(labels.length).fill(0.2 / (labels.length - 1));
    shares[sum(codes) % labels.length] = 0.8;
    return { probabilities: shares };
  }
  return { version: "1.0", backend, predict };
}
"""
# Answers with the last value, one less and one more.
REPEATING = """
export const name = "Repeating";
export const backends = ["wasm"];
export async function load(manifest, backend) {
  const { horizon } = manifest.facts;
  async function predict({ history }, rows) {
    const last = history[history.length - 1];
    const steps = Array.from({ length: horizon }, () => [last - 1, last, last + 1]);
    return { quantiles: Float32Array.from(steps.flat()) };
  }
  return { version: "1.0", backend, predict };
}
"""
NUMBERS = {"name": "numbers", "dtype": "float32", "labels": ["kilometres", "kilograms"]}
CODES = {"name": "codes", "dtype": "int32", "labels": ["zone", "kind"], "low": 0, "high": 3}
PRICE = {"name": "price", "dtype": "float32", "labels": ["price"]}
EXPRESS = {"name": "express", "dtype": "bool", "labels": ["express"]}
FIELDS = {"inputs": [NUMBERS, CODES], "outputs": [PRICE, EXPRESS]}


def write_site(
    folder: Path,
    labels: Sequence[str] = "0123456789",
    shape: Sequence[int] = (8, 8, 1),
    **details: bool,
) -> Path:
    """Write the page with the engine of a few lines."""
    images = {"name": "images", "dtype": "float32", "shape": shape}
    probabilities = {"name": "probabilities", "dtype": "float32", "shape": [len(labels)]}
    outputs = [probabilities | {"labels": list(labels)}]
    signature = {"inputs": [images], "outputs": outputs}
    return write_page(folder, IMAGES, ENGINE, signature, details, background=255, white_level=0)


def write_page(
    folder: Path,
    task: Path,
    engine: str,
    signature: dict[str, Any],
    details: dict[str, bool],
    **facts: Any,
) -> Path:
    """Write the page of a task, an engine and a manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in (*SHELL.iterdir(), *BARS.iterdir(), *COLUMNS.iterdir(), *task.iterdir()):
        if file.suffix in (".html", ".js", ".css"):
            (folder / file.name).write_bytes(file.read_bytes())
    (folder / "engine.js").write_text(engine)
    manifest = {"model": "my-model", "signature": signature, "details": details}
    manifest |= {"facts": facts}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


CONTRASTS = """
() => {
  const canvas = document.createElement("canvas").getContext("2d");
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b]
    .map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = rgb(getComputedStyle(e).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return rgb(getComputedStyle(document.documentElement).backgroundColor);
  };
  return [...document.querySelectorAll("h1, h2, p, small, label, li span, figcaption, data")]
    .filter((e) => e.innerText?.trim() && e.checkVisibility())
    .map((e) => {
      const [a, b] = [light(rgb(getComputedStyle(e).color)), light(ground(e))];
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      return [e.innerText.slice(0, 20), ratio];
    });
}
"""


def faint(window: Visit, least: int = 20) -> list[str]:
    """List the texts whose contrast against their ground is below 4.5."""
    found = window.page.evaluate(CONTRASTS)
    assert len(found) > least
    return [text for text, ratio in found if ratio < 4.5]


def fits(window: Visit) -> bool:
    """Whether nothing of the page lies beyond the window's side."""
    sizes = "(({ scrollWidth, clientWidth }) => [scrollWidth, clientWidth])"
    wide, window_width = window.page.evaluate(f"{sizes}(document.documentElement)")
    return bool(wide <= window_width)


@contextmanager
def visited(folder: Path, *looks: str, **options: Any) -> Iterator[list[Visit]]:
    """Serve the page from a folder of a server, and open windows on it."""
    write_site(folder / "deep" / "down", **options)
    with (
        static_server(folder) as address,
        visits(f"{address}deep/down/", looks or ("light",)) as windows,
    ):
        yield windows


def test_a_page_begins_empty_and_can_be_cleared(tmp_path: Path) -> None:
    with visited(tmp_path) as (window,):
        window.open()
        page = window.page
        assert page.title() == page.inner_text("h1") == "my-model"
        assert page.inner_text("#status") == "Counting 1.0 on wasm"
        assert page.locator("#bars li").count() == 10
        assert page.is_disabled("#clear")
        assert page.is_visible("#hint")
        window.draw()
        assert window.answer().isdigit()
        assert max(window.probabilities()) == pytest.approx(0.9)
        assert sum(window.probabilities()) == pytest.approx(1)
        assert " ms" in page.inner_text("#status")
        assert not page.is_visible("#hint")
        first = window.probabilities()
        page.click("#clear")
        clearings: list[Callable[[], None]] = [
            lambda: page.click("#clear"),
            lambda: page.keyboard.press("Escape"),
            lambda: page.press("#clear", "Enter"),
        ]
        for clear in clearings:
            window.draw()
            assert window.probabilities() == first
            assert window.error() == ""
            clear()
            assert window.probabilities() == [0] * 10
            assert window.answer() == ""
            assert page.is_disabled("#clear")
        assert window.strangers() == window.failures == []


# Chooses a file and clears it before it can be decoded.
CHOOSE_AND_CLEAR = """
async (base64) => {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const chosen = new DataTransfer();
  chosen.items.add(new File([bytes], "image.png", { type: "image/png" }));
  const input = document.getElementById("file");
  input.files = chosen.files;
  input.dispatchEvent(new Event("change"));
  await Promise.resolve();
  await Promise.resolve();
  document.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
}
"""


def test_what_was_done_last_counts(tmp_path: Path) -> None:
    with visited(tmp_path) as (window,):
        window.open()
        content = base64.b64encode((EXAMPLES / "zero.png").read_bytes()).decode()
        window.page.evaluate(CHOOSE_AND_CLEAR, content)
        window.wait()
        window.page.wait_for_timeout(200)
        assert window.answer() == ""
        assert not window.page.is_visible("#photo")
        assert window.failures == []


def test_an_image_may_be_chosen_while_the_model_is_loading(tmp_path: Path) -> None:
    with visited(tmp_path, slow=True) as (window,):
        window.page.goto(window.address)
        window.page.set_input_files("#file", EXAMPLES / "zero.png")
        window.page.wait_for_selector("#photo", state="visible")
        assert window.page.inner_text("#status") == "Loading the model"
        assert window.answer() == ""
        assert window.page.get_attribute("#result", "aria-busy") == "true"
        window.page.wait_for_selector("body:not(.loading)")
        window.wait()
        assert window.answer().isdigit()


def test_a_form_asks_when_it_is_filled_in(tmp_path: Path) -> None:
    """Another task: several inputs and outputs of different types in the same shell."""
    write_page(tmp_path, DELIVERIES, ADDING, FIELDS, {})
    with static_server(tmp_path) as address, visits(address, ("light", "phone")) as windows:
        for look, window in zip(("light", "phone"), windows, strict=True):
            window.open()
            page = window.page
            assert page.title() == "my-model"
            assert page.inner_text("#answer") == "Fill in all fields"
            for name, value in (("kilometres", "12.5"), ("kilograms", "3"), ("zone", "1")):
                page.fill(f"[name={name}]", value)
            window.wait()
            assert page.inner_text("#answer") == "Fill in all fields"
            for kind, answer in (("2", "€15.50, not express"), ("3", "€15.50, express")):
                page.fill("[name=kind]", kind)
                window.wait()
                assert page.inner_text("#answer") == answer
            page.press("[name=kind]", "Enter")  # a form that is sent would leave the page
            window.wait()
            assert page.inner_text("#answer") == "€15.50, express"
            assert fits(window)
            window.picture(f"page-fields-{look}")
            page.fill("[name=kind]", "7")  # there is no such code
            window.wait()
            assert page.inner_text("#answer") == "Fill in all fields"
            assert window.error() == ""
            assert window.strangers() == window.failures == []


def write_table_page(folder: Path, labels: Sequence[str], columns: int = 40) -> Path:
    """Write the page of a wide table: numbers, dates and categories with odd names."""
    numbers = {
        "mean": 0.0,
        "scale": 2048.0,
        "median": 50.5,
        "low": 0.0,
        "high": 20000.0,
        "flag": True,
    }
    kinds: list[dict[str, Any]] = [
        {"kind": "number", "decimal": "."} | numbers,
        {"kind": "date", "format": "%d.%m.%Y"} | numbers,
        {"kind": "category", "values": ["red", "<b>green</b>", "x" * 60]},
        {"kind": "category", "values": [f"city {number}" for number in range(100)]},
        {"kind": "number", "decimal": ","} | numbers | {"low": -5.0},
    ]
    names = ["a", "date of the order", "colour_of_the_<i>article</i>", "city", "v" * 50]
    made = [kinds[i % 5] | {"name": f"{names[i % 5]} {i}"} for i in range(columns)]
    texts = ["2", "01.02.2024", " red", "city 7", "0,5"]
    first = {column["name"]: texts[i % 5] for i, column in enumerate(made)}
    examples = [first, dict.fromkeys(first, ""), dict.fromkeys(first, "odd")]
    content = {"content": "classes" if labels else "values", "labels": list(labels) or ["price"]}
    output = {"name": "probabilities" if labels else "value", "dtype": "float32"} | content
    signature = {"inputs": [], "outputs": [output]}
    facts = {"columns": made, "examples": examples, "target": {"name": "the <i>target</i>"}}
    return write_page(folder, TABLES, TABULAR, signature, {}, **facts)


@pytest.mark.parametrize("look", ["light", "dark", "phone"])
@pytest.mark.parametrize("labels", [(), [f"<b>kind</b> {number}" for number in range(30)]])
def test_a_form_for_a_wide_table(tmp_path: Path, look: str, labels: Sequence[str]) -> None:
    write_table_page(tmp_path, labels)
    with static_server(tmp_path) as address, visits(address, (look,)) as (window,):
        window.open()
        page = window.page
        assert page.inner_text("#result-title") == "Answer: the <i>target</i>"
        assert page.is_visible("#hint") and page.is_disabled("#clear")
        page.select_option("#example", "0")
        window.wait()
        if labels:  # in eight columns "red", which is code 1, in eight "city 7", which is code 8
            assert window.page.inner_text("#best").startswith(labels[8 * (1 + 8) % 30])
            assert window.probabilities() == sorted(window.probabilities(), reverse=True)
        else:
            days = 19754  # from 1970 to the first of February 2024
            shown = float(page.get_attribute("#best data", "value") or "nan")
            assert shown == pytest.approx(8 * (2 + days + 0.5) / 2048, abs=0.01)
        assert page.locator("small.odd").count() == 0
        assert fits(window)
        assert faint(window) == []
        window.picture(f"page-table-{'kinds' if labels else 'value'}-{look}")
        page.select_option("#example", "2")
        window.wait()
        assert page.locator("small.odd").count() == 24  # numbers, and what is typed
        assert page.input_value("#field-1") == page.input_value("#field-2") == ""
        assert fits(window)
        assert faint(window) == []
        page.click("#clear")
        window.wait()
        assert page.is_visible("#hint") and page.inner_text("#best") == ""
        assert page.locator("small.odd").count() == 0
        assert window.error() == ""
        assert window.strangers() == window.failures == []


def write_series_page(folder: Path, name: str = "a") -> Path:
    """Write the page of hourly series."""
    rows = [f"{name},2024-02-29 {hour:02}:00,{hour % 7}" for hour in range(20)]
    text = "\n".join(["unique_id,ds,y", *rows, "b,2024-02-29 00:00,1"])
    facts = {
        "names": {"id": "unique_id", "time": "ds", "value": "y"},
        "time": {"form": "year-month-day", "frequency": "hourly"},
        "decimal": ".",
        "length": 24,
        "horizon": 6,
        "columns": [],
        "examples": [text],
    }
    return write_page(folder, SERIES, REPEATING, {"inputs": [], "outputs": []}, {}, **facts)


@pytest.mark.parametrize("look", ["light", "dark", "phone"])
def test_a_page_of_series(tmp_path: Path, look: str) -> None:
    name = "<b>long</b> " * 8
    write_series_page(tmp_path, name)
    with static_server(tmp_path) as address, visits(address, (look,)) as (window,):
        window.open()
        page = window.page
        assert page.inner_text("#result-title") == "The next 6 hourly values"
        assert page.is_visible("#hint") and page.is_disabled("#clear")
        assert fits(window)
        page.select_option("#example", "0")
        window.wait()
        assert page.inner_text("#chart figcaption").startswith(name.strip())
        assert "1 series have too few values" in page.inner_text("#note")
        page.press("summary", "Enter")  # by the keyboard
        first = page.locator("#rows tr").first.inner_text().split()
        assert first == ["2024-02-29T20:00:00Z", "4", "5", "6"]
        assert page.locator("#chart svg path").count() == 3
        assert fits(window)
        assert faint(window, 6) == []
        window.picture(f"page-series-{look}")
        for text, sentence in (
            ("ds,y\n2024-01-01 00:00,1", "no series has the 12 values"),
            ("ds,y\n2024-01-01 00:00,x", "the column y has no numbers"),
            ('ds,y\n"2024', "its quotes are broken"),
        ):
            page.fill("#text", text)
            window.wait()
            assert sentence in window.error()
            assert page.is_visible("#hint") and not page.is_visible("#chart")
        page.click("#clear")
        window.wait()
        assert window.error() == "" and page.input_value("#text") == ""
        assert window.strangers() == window.failures == []


def test_a_form_is_for_keyboards_and_readers(tmp_path: Path) -> None:
    """Each field has its label and its description, and is reached in the order of the columns."""
    write_table_page(tmp_path, (), columns=5)
    facts = json.loads((tmp_path / "manifest.json").read_text("utf-8"))["facts"]
    with static_server(tmp_path) as address, visits(address) as (window,):
        window.open()
        page = window.page
        page.focus("#example")
        page.keyboard.press("ArrowDown")  # the first example
        window.wait()
        assert page.is_enabled("#clear")
        page.keyboard.press("Tab")
        for place, column in enumerate(facts["columns"]):
            field = page.get_by_label(column["name"], exact=True)
            assert field.get_attribute("id") == f"field-{place}"
            assert page.locator(f"#{field.get_attribute('aria-describedby')}").count() == 1
            for _ in range(4):  # a field for dates has places of its own
                page.keyboard.press("Tab")
                if page.evaluate("document.activeElement.id") == f"field-{place}":
                    break
            else:
                raise AssertionError(f"{column['name']} is not reached")
        page.fill("#field-0", "-1")
        window.wait()
        assert page.input_value("#example") == ""  # it is that row no longer
        assert page.inner_text("#field-0-note") == "beyond the training data: 0 to 20000"
        before = page.url
        page.press("#field-0", "Enter")
        window.wait()
        assert page.url == before and page.inner_text("#best") != ""


def test_a_drawing_fills_the_picture_wherever_it_is(tmp_path: Path) -> None:
    def moved(scale: float, by: float) -> list[list[tuple[float, float]]]:
        line = [(0.2, 0.1), (0.8, 0.1), (0.4, 0.9)]
        return [[(x * scale + by, y * scale + by) for x, y in line]]

    with visited(tmp_path) as (window,):
        window.open()
        pictures = []
        for scale, by in ((1.0, 0.0), (0.5, 0.05), (0.5, 0.45)):
            window.draw(moved(scale, by))
            decode = (
                "c => [...c.getContext('2d').getImageData(0, 0, 8, 8).data]"
                ".filter((_, i) => i % 4 === 0)"
            )
            pictures.append(window.page.eval_on_selector("#pixels", decode))
            window.page.click("#clear")
        large, small, elsewhere = pictures
        assert max(large) > 200
        for other in (small, elsewhere):  # the mouse moves by whole pixels
            assert max(abs(a - b) for a, b in zip(large, other, strict=True)) <= 24


def test_swapping_light_and_dark_turns_the_bytes_over(tmp_path: Path) -> None:
    with visited(tmp_path) as (window,):
        window.open()
        window.choose(EXAMPLES / "seven.png")
        read = "c => [...c.getContext('2d').getImageData(0, 0, 8, 8).data]"
        before = window.page.eval_on_selector("#pixels", read)
        window.page.check("#invert")
        window.wait()
        after = window.page.eval_on_selector("#pixels", read)
        assert [255 - v for v in before[0::4]] == after[0::4]
        window.page.uncheck("#invert")
        window.wait()
        assert window.page.eval_on_selector("#pixels", read) == before


def test_mistakes_are_said_in_a_sentence(tmp_path: Path) -> None:
    text = tmp_path / "notes <b>.txt"
    text.write_text("no image")
    with visited(tmp_path) as (window,):
        window.open()
        for take in (window.choose, window.drop):
            take(text)
            assert window.error() == "notes <b>.txt is not an image that this browser can read."
            assert window.answer() == ""
            window.draw()
            assert window.error() == ""
            before = window.probabilities()
            take(text)  # the drawing stays, and its answer
            assert window.probabilities() == before
            window.page.click("#clear")
            assert window.error() == ""
        window.drop(None)
        assert window.error() == "That was no file; save the image first, then drop its file."
        window.picture("page-error")
        window.choose(EXAMPLES / "zero.png")
        assert window.error() == ""
        assert window.page.is_visible("#photo")
        assert window.failures == []


@pytest.mark.parametrize(
    ("detail", "sentence"),
    [
        ("broken", "The model cannot be loaded in this browser: no memory is left."),
        ("mute", "The model could not answer: the device was lost."),
    ],
)
def test_an_engine_that_fails_is_said_in_a_sentence(
    tmp_path: Path, detail: str, sentence: str
) -> None:
    with visited(tmp_path, **{detail: True}) as (window,):
        window.open()
        window.choose(EXAMPLES / "zero.png")
        assert window.error() == sentence


@pytest.mark.parametrize(
    ("lost", "part"),
    [
        ("manifest.json", "manifest.json is missing beside the page."),
        ("engine.js", "engine.js"),
    ],
)
def test_a_missing_file_is_said_in_a_sentence(tmp_path: Path, lost: str, part: str) -> None:
    with visited(tmp_path) as (window,):
        (tmp_path / "deep" / "down" / lost).unlink()
        window.open()
        assert window.error().startswith("The model cannot be loaded in this browser: ")
        assert part in window.error()


def test_a_backend_can_be_asked_for(tmp_path: Path) -> None:
    with visited(tmp_path) as (window,):
        for query, backend in (("?backend=webgpu", "webgpu"), ("?backend=magic", "wasm")):
            window.open(query)
            assert window.page.inner_text("#status") == f"Counting 1.0 on {backend}"


def test_photos_of_many_classes(tmp_path: Path) -> None:
    """Nothing to draw, names of any length, the likeliest first."""
    names = [f"Kind {number}" for number in range(30)]
    names[3] = "<b>An unusually long name of a class</b> that nobody should have chosen"
    looks = ("light", "phone")
    with visited(tmp_path, *looks, labels=names, shape=(32, 32, 3)) as windows:
        for look, window in zip(looks, windows, strict=True):
            window.open()
            assert not window.page.is_visible("#drawing")
            assert not window.page.is_visible("#invert")
            window.choose(EXAMPLES / "zero.png")
            assert window.probabilities() == sorted(window.probabilities(), reverse=True)
            assert window.page.locator("#bars li").count() == 30
            assert names[3] in window.page.locator("#bars").all_inner_texts()[0]
            assert window.page.inner_text("#bars li >> nth=0").startswith(
                window.page.inner_text("#best").rsplit(" ", 1)[0]
            )
            assert fits(window)
            window.picture(f"page-photos-{look}")


def test_a_finger_draws_and_does_not_scroll(tmp_path: Path) -> None:
    with visited(tmp_path, "phone") as (window,):
        window.open()
        box = window.page.locator("#drawing").bounding_box()
        assert box
        client = window.page.context.new_cdp_session(window.page)

        def at(x: float, y: float) -> list[dict[str, float]]:
            return [{"x": box["x"] + x * box["width"], "y": box["y"] + y * box["width"]}]

        client.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": at(0.3, 0.9)})
        for step in range(10):
            point = at(0.3 + step * 0.04, 0.9 - step * 0.08)
            client.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": point})
        client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        window.wait()
        assert window.answer().isdigit()
        assert window.page.evaluate("scrollY") == 0
        for selector in ("#clear", "label.button"):
            size = window.page.locator(selector).bounding_box()
            assert size and size["height"] >= 36


@pytest.mark.parametrize("look", ["light", "dark"])
def test_text_stands_out(tmp_path: Path, look: str) -> None:
    """Contrast of every text against its ground is at least 4.5, as WCAG AA asks."""
    with visited(tmp_path, look) as (window,):
        window.open()
        window.choose(EXAMPLES / "zero.png")
        window.drop(None)
        assert faint(window) == []


def test_hosts_send_the_policy_of_the_page() -> None:
    """The security policy is one, in the page and in the files for web hosts."""
    said = re.search(
        r'Content-Security-Policy" content="(.+?)"', (SHELL / "index.html").read_text()
    )
    assert said
    policy = f"{said[1]}; frame-ancestors 'none'"  # which only a header can say
    files = [*TEMPLATE.glob("*/deploy/*/_headers"), *TEMPLATE.glob("*/deploy/*/nginx.conf.jinja")]
    assert len(files) >= 2
    for file in files:
        found = re.search(
            r"Content-Security-Policy[: ]+\"?(.+?)(?:\" always;)?$", file.read_text(), re.M
        )
        assert found and found[1] == policy, file
