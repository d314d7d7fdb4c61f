"""What each kind of web page has to show, held against the cases of its artifact."""

from __future__ import annotations

import base64
import json
import math
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

from page_lab import LOOKS, Visit, static_server, visits
from project_lab import Project

# What the page's file button does, for many images in a row; the answers' bars.
CHOOSE_ALL = """
async (files) => {
  const bars = document.getElementById("bars");
  const input = document.getElementById("file");
  const answers = [];
  for (const base64 of files) {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const chosen = new DataTransfer();
    chosen.items.add(new File([bytes], "image.png", { type: "image/png" }));
    const answered = new Promise((resolve) =>
      new MutationObserver((_, seen) => { seen.disconnect(); resolve(); })
        .observe(bars, { childList: true }));
    input.files = chosen.files;
    input.dispatchEvent(new Event("change"));
    await answered;
    answers.push([...bars.children].map((row) => Number(row.style.getPropertyValue("--p"))));
  }
  return answers;
}
"""
# The trained model's answers for files, by the artifact in its own engine.
PREDICT = """
import json, sys
from pathlib import Path
import numpy as np
from my_model import pictures, targets
target, *files = sys.argv[1:]
how = pictures.preparation(targets.manifest(target).facts)
read = [pictures.read_image(Path(file), how) for file in files]
images = np.stack(read).astype(np.float32) / 255
with targets.load(target) as predict:
    print(json.dumps(predict({"images": images})["probabilities"].tolist()))
"""
# The test split as image files, and what they show.
SPLIT = """
import json
from pathlib import Path
import numpy as np
from PIL import Image
from my_model import inference, runs
run, folder = runs.find(None), Path("split")
test = run.dataset().test
rows = test.rows(np.arange(len(test)))
folder.mkdir(exist_ok=True)
for number, image in enumerate(rows["images"]):
    Image.fromarray(image[..., 0]).save(folder / f"{number:04}.png")
outputs = inference.load(run)(rows)["probabilities"]
print(json.dumps({"labels": rows["labels"].tolist(), "outputs": outputs.tolist()}))
"""


def prove_example(project: Project, target: str) -> None:
    """Open the page that a target's deploy folder offers as a beginning, beside the artifact."""
    example = project.path / "deploy" / target / "example.html"
    folder = project.path / "artifacts" / "example"
    shutil.copytree(project.path / "artifacts" / target, folder / "model")
    shutil.copyfile(example, folder / "index.html")
    try:
        with static_server(folder) as address, visits(address) as (window,):
            window.page.goto(address)
            window.page.wait_for_selector("#answer:has-text(':')", timeout=120_000)
            lines = window.page.inner_text("#answer").splitlines()
            found = {name: values.split() for name, values in (x.split(": ") for x in lines)}
            outputs = project.card()["signature"]["outputs"]
            sizes = {tensor["name"]: math.prod(tensor["shape"]) for tensor in outputs}
            assert {name: len(values) for name, values in found.items()} == sizes
            assert all(math.isfinite(float(x)) for values in found.values() for x in values)
            assert window.strangers() == window.failures == []
    finally:
        shutil.rmtree(folder)


def run_program(project: Project, program: str, *arguments: str) -> Any:
    """Run a program in a project's environment and return the JSON of its last line."""
    (project.path / "program.py").write_text(program)
    written = project.run(f"uv run --quiet python program.py {shlex.join(arguments)} 2>/dev/null")
    (project.path / "program.py").unlink()
    return json.loads(written.splitlines()[-1])


def largest_gap(found: list[list[float]], wanted: list[list[float]]) -> float:
    """Return the largest difference between two tables of numbers."""
    pairs = zip(found, wanted, strict=True)
    return max(abs(a - b) for one, other in pairs for a, b in zip(one, other, strict=True))


def prove_page(project: Project, target: str) -> None:
    """Use the page of a project for images: its answers are those of the artifact's own engine.

    Without a network once it is loaded, asking nobody but its own server, on every screen.
    """
    split = run_program(project, SPLIT)
    examples = sorted((project.path / "examples").glob("*.png"))
    images = sorted((project.path / "split").glob("*.png"))
    project.serve(f"exec uv run {project.slug} serve {target} --port 0")
    found = re.search(r"http://127\.0\.0\.1:\d+", project.greeting)
    assert found, project.greeting
    try:
        with visits(f"{found.group()}/", tuple(LOOKS)) as windows:
            for look, window in zip(LOOKS, windows, strict=True):
                window.open()
                assert window.error() == ""
                window.picture(f"{target}-{look}-empty")
                window.page.context.set_offline(True)
                window.draw()
                assert window.answer() == "7"
                window.picture(f"{target}-{look}")
            window = windows[0]
            drawn = project.path / "drawn.png"
            drawn.write_bytes(window.pixels())
            answers = [window.probabilities()]
            for file in examples:
                window.drop(file)
                assert window.error() == ""
                answers.append(window.probabilities())
                window.choose(file)
                assert window.probabilities() == answers[-1]
            window.picture(f"{target}-image")
            encoded = [base64.b64encode(file.read_bytes()).decode() for file in images]
            answers += window.page.evaluate(CHOOSE_ALL, encoded)
            for each in windows:
                assert each.strangers() == []
                assert not each.failures, each.failures
    finally:
        project.end_server()
    files = [str(file.relative_to(project.path)) for file in (drawn, *examples, *images)]
    wanted = run_program(project, PREDICT, target, *files)
    assert largest_gap(answers, wanted) <= 1e-4
    outputs = answers[1 + len(examples) :]
    classes = [row.index(max(row)) for row in outputs]
    right = sum(a == b for a, b in zip(classes, split["labels"], strict=True))
    assert right / len(images) >= project.card()["test"]["accuracy"] - 0.01
    assert largest_gap(outputs, split["outputs"]) <= 1e-3
    for file in (drawn, *images):
        file.unlink()


def prove_form(project: Project, target: str) -> None:
    """Use a page with a form of fields: its answers are those in the artifact's cases.json."""
    cases = json.loads((project.path / "artifacts" / target / "cases.json").read_text("utf-8"))
    project.serve(f"exec uv run {project.slug} serve {target} --port 0")
    found = re.search(r"http://127\.0\.0\.1:\d+", project.greeting)
    assert found, project.greeting
    try:
        use_form(f"{found.group()}/", cases, target)
    finally:
        project.end_server()


def use_form(address: str, cases: list[dict[str, Any]], name: str) -> None:
    """Fill in each case: chosen as an example, and one of them typed, without a network."""
    with visits(address, tuple(LOOKS)) as windows:
        for look, window in zip(LOOKS, windows, strict=True):
            window.open()
            assert window.error() == ""
            assert window.page.is_visible("#hint")
            window.picture(f"{name}-form-{look}-empty")
            window.page.context.set_offline(True)
            window.page.select_option("#example", "0")
            window.wait()
            assert_answer(window, cases[0]["answer"])
            window.picture(f"{name}-form-{look}")
        window = windows[0]
        for place, case in enumerate(cases):
            window.page.select_option("#example", str(place))
            window.wait()
            assert_answer(window, case["answer"])
        window.picture(f"{name}-form-odd")
        window.page.select_option("#example", "0")
        given = cases[0]["input"]  # a text for each field by its label, or one text
        fields = [window.page.locator("#text")]
        if not isinstance(given, str):
            fields = [window.page.get_by_label(label, exact=True) for label in given]
        texts = [field.input_value() for field in fields]
        window.page.click("#clear")
        window.wait()
        assert window.page.is_visible("#hint")
        for field, text in zip(fields, texts, strict=True):
            select = field.evaluate("field => field.localName") == "select"
            field.select_option(text) if select else field.fill(text)
        window.wait()
        assert_answer(window, cases[0]["answer"])
        for each in windows:
            assert each.strangers() == []
            assert not each.failures, each.failures


def assert_answer(window: Visit, answer: dict[str, Any]) -> None:
    """Hold what the page shows against an answer of cases.json, which has four decimals."""
    shown = float(window.page.get_attribute("#best data", "value") or "nan")
    if "value" in answer:
        assert math.isclose(shown, answer["value"], rel_tol=1e-4)
        return
    wanted = answer["probabilities"]
    assert abs(shown - answer["probability"]) <= 2e-4
    assert window.bars().keys() == wanted.keys()
    assert all(abs(p - wanted[name]) <= 2e-4 for name, p in window.bars().items())


def prove_series(project: Project, target: str) -> None:
    """Use the page of a project for series: its forecasts are those of cases.json."""
    cases = json.loads((project.path / "artifacts" / target / "cases.json").read_text("utf-8"))
    project.serve(f"exec uv run {project.slug} serve {target} --port 0")
    found = re.search(r"http://127\.0\.0\.1:\d+", project.greeting)
    assert found, project.greeting
    try:
        use_series(f"{found.group()}/", cases, project.path / "examples" / "sales.csv", target)
    finally:
        project.end_server()


def use_series(address: str, cases: list[dict[str, Any]], file: Path, name: str) -> None:
    """Give the page each case as an example, as a text and a file, without a network."""
    with visits(address, tuple(LOOKS)) as windows:
        for look, window in zip(LOOKS, windows, strict=True):
            window.open()
            assert window.error() == "" and window.page.is_visible("#hint")
            window.picture(f"{name}-series-{look}-empty")
            window.page.context.set_offline(True)
            window.page.select_option("#example", "0")
            window.wait()
            window.page.click("summary")
            assert_forecast(window, cases[0]["answer"])
            window.picture(f"{name}-series-{look}")
        window = windows[0]
        for place, case in enumerate(cases):
            window.page.select_option("#example", str(place))
            window.wait()
            assert_forecast(window, case["answer"])
        window.page.click("#clear")
        window.wait()
        assert window.page.is_visible("#hint") and not window.page.is_visible("#chart")
        window.page.fill("#text", cases[-1]["input"])
        window.wait()
        assert_forecast(window, cases[-1]["answer"])
        window.page.fill("#text", "a,b\n1,2")
        window.wait()
        assert "there is no column" in window.error() and window.page.is_visible("#hint")
        window.choose(file)
        assert window.error() == ""
        names = window.page.locator("#series option").all_inner_texts()
        assert names == ["Austin", "Dallas", "El Paso"]
        window.page.select_option("#series", "2")
        window.wait()
        assert window.page.inner_text("#chart figcaption").startswith("El Paso: ")
        for each in windows:
            assert each.strangers() == []
            assert not each.failures, each.failures


def assert_forecast(window: Visit, answer: dict[str, Any]) -> None:
    """Hold the page's table against an answer of cases.json."""
    assert window.page.inner_text("#chart figcaption").startswith(f"{answer['series']}: ")
    times = window.page.locator("#rows th").all_inner_texts()
    assert times == [step["ds"] for step in answer["forecast"]]
    read = "cells => cells.map(cell => Number(cell.value))"
    shown: list[float] = window.page.eval_on_selector_all("#rows data", read)
    wanted = [step[name] for step in answer["forecast"] for name in ("low", "median", "high")]
    scale = max(map(abs, wanted))
    assert max(abs(a - b) for a, b in zip(shown, wanted, strict=True)) <= 1e-4 * scale


# The grey levels of the canvas, row by row; every image is grey where the digits are drawn.
LEVELS = """
canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return Array.from({ length: data.length / 4 }, (_, i) => data[4 * i]);
}
"""


def prove_drawing(project: Project, target: str) -> None:
    """Use the page of a project for image generation: it draws the images of cases.json."""
    cases = json.loads((project.path / "artifacts" / target / "cases.json").read_text("utf-8"))
    project.serve(f"exec uv run {project.slug} serve {target} --port 0")
    found = re.search(r"http://127\.0\.0\.1:\d+", project.greeting)
    assert found, project.greeting
    try:
        use_drawing(f"{found.group()}/", cases, target)
    finally:
        project.end_server()


def use_drawing(address: str, cases: list[dict[str, Any]], name: str) -> None:
    """Draw each case by its label and seed, change one's mind, give a seed that is none."""
    with visits(address, tuple(LOOKS)) as windows:
        for look, window in zip(LOOKS, windows, strict=True):
            window.open()
            window.wait()
            assert window.error() == ""
            window.page.context.set_offline(True)
            window.picture(f"{name}-drawing-{look}")
        window = windows[0]
        window.page.select_option("#count", "1")
        window.wait()
        for case in cases:
            window.page.fill("#seed", str(case["input"]["seed"]))
            window.page.locator("#labels label", has_text=case["input"]["label"]).first.click()
            window.wait()
            assert window.error() == ""
            said = window.page.inner_text("#told")
            assert said.startswith(f"{case['input']['label']}, seed {case['input']['seed']}, ")
            shown: list[int] = window.page.locator("#drawn").evaluate(LEVELS)
            wanted = [255 * cell[0] for row in case["outputs"]["images"] for cell in row]
            assert len(shown) == len(wanted)
            assert max(abs(a - b) for a, b in zip(shown, wanted, strict=True)) <= 0.6
        before = window.page.locator("#drawn").evaluate(LEVELS)
        window.page.click("#another")  # again and again: the last one counts
        window.page.click("#another")
        window.page.fill("#seed", str(cases[-1]["input"]["seed"]))
        window.wait()
        assert window.page.locator("#drawn").evaluate(LEVELS) == before
        window.page.fill("#seed", "-1")
        window.wait()
        assert "The seed must be a whole number" in window.error()
        assert window.page.is_disabled("#save")
        for each in windows:
            assert each.strangers() == []
            assert not each.failures, each.failures


def prove_chat(project: Project, target: str) -> None:
    """Use the page of a chat server: it answers as cases.json says, and tells what goes wrong."""
    cases = json.loads((project.path / "artifacts" / target / "cases.json").read_text("utf-8"))
    project.serve(f"exec uv run {project.slug} serve {target} --port 0")
    found = re.search(r"http://127\.0\.0\.1:\d+", project.greeting)
    assert found, project.greeting
    with visits(f"{found.group()}/", tuple(LOOKS)) as windows:
        try:
            use_chat(windows, cases, target, project.slug)
        finally:
            project.end_server()
        # Without a server, the question comes back and a sentence says what is wrong.
        page = windows[0].page
        page.fill("#question", "Is anybody there?")
        page.keyboard.press("Enter")
        page.wait_for_selector("#error:visible")
        assert page.input_value("#question") == "Is anybody there?"


def use_chat(windows: list[Visit], cases: list[dict[str, Any]], name: str, slug: str) -> None:
    """Chat by keyboard in every look: answers, a second one, a refusal."""
    last = ".message.assistant:last-child:not(.busy)"
    for look, window, case in zip(LOOKS, windows, cases, strict=False):
        page = window.page
        page.goto(window.address)
        page.wait_for_selector(f"h1:text-is({slug!r})")
        for number in (1, 2):
            page.keyboard.type(case["input"]["messages"][-1]["content"])
            page.keyboard.press("Enter")
            page.wait_for_selector(f"{last}:nth-child({2 * number})")
            assert page.inner_text(last) == case["answer"]["text"]
        window.picture(f"{name}-chat-{look}")
        page.get_by_role("button", name="New chat").click()
        assert page.locator(".message").count() == 0
        page.keyboard.type("One line")
        page.keyboard.press("Shift+Enter")
        assert page.input_value("#question") == "One line\n"
        # What the server refuses is said, and the question stays.
        page.fill("#question", "x" * 10_000)
        page.keyboard.press("Enter")
        page.wait_for_selector("#error:visible")
        assert "tokens" in window.error()
        assert page.input_value("#question") == "x" * 10_000
        assert page.locator(".message").count() == 0
        assert window.strangers() == []
        refused = [failure for failure in window.failures if "400" not in failure]
        assert not refused, refused
