"""Web pages as a visitor meets them: in a browser, drawn on, given images, without a network."""

from __future__ import annotations

import base64
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from harness import ROOT
from playwright.sync_api import Page, sync_playwright

SCREENSHOTS = ROOT / "screenshots"  # kept for people to look at
BROWSERS = ("chromium", "google-chrome", "google-chrome-stable", "microsoft-edge")
FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]
# Strokes, in shares of the surface's side.
SEVEN = (((0.3, 0.2), (0.72, 0.2), (0.42, 0.85)), ((0.35, 0.52), (0.62, 0.52)))
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1100, "height": 760}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1100, "height": 760}, "color_scheme": "dark"},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 2,
        "has_touch": True,
        "is_mobile": True,
    },
}
DROP = """
([name, base64]) => {
  const dataTransfer = new DataTransfer();
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  if (name) dataTransfer.items.add(new File([bytes], name));
  const drop = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
  document.getElementById("drop-zone").dispatchEvent(drop);
}
"""


@dataclass
class Visit:
    """A page in a browser, what it asked for, and what went wrong in it."""

    page: Page
    address: str
    requests: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def open(self, query: str = "") -> None:
        """Open the page and wait until its model is there, or is not."""
        self.page.goto(self.address + query)
        self.page.wait_for_selector("body:not(.loading)", timeout=120_000)

    def wait(self) -> None:
        """Wait for the answer to the last question."""
        self.page.wait_for_selector("#result[aria-busy=false]", timeout=60_000)

    def draw(self, strokes: Sequence[Sequence[tuple[float, float]]] = SEVEN) -> None:
        """Draw with the mouse."""
        surface = self.page.locator("#drawing")
        surface.scroll_into_view_if_needed()
        box = surface.bounding_box()
        assert box
        for stroke in strokes:
            points = [(box["x"] + x * box["width"], box["y"] + y * box["width"]) for x, y in stroke]
            self.page.mouse.move(*points[0])
            self.page.mouse.down()
            for point in points[1:]:
                self.page.mouse.move(*point, steps=6)
            self.page.mouse.up()
        self.wait()

    def choose(self, file: Path) -> None:
        """Choose a file with the button."""
        self.page.set_input_files("#file", file)
        self.wait()

    def drop(self, file: Path | None) -> None:
        """Drop a file, or something else."""
        content = file.read_bytes() if file else b""
        encoded = base64.b64encode(content).decode()
        self.page.evaluate(DROP, [file.name if file else "", encoded])
        self.wait()

    def answer(self) -> str:
        """Return the class that the page names."""
        return self.page.inner_text("#best").partition(" ")[0].strip()

    def probabilities(self) -> list[float]:
        """Read the bars, in their order."""
        rows = "rows => rows.map(row => Number(row.style.getPropertyValue('--p')))"
        found: list[float] = self.page.eval_on_selector_all("#bars li", rows)
        return found

    def bars(self) -> dict[str, float]:
        """Read the bars by their names."""
        names: list[str] = self.page.locator("#bars .name").all_inner_texts()
        return dict(zip(names, self.probabilities(), strict=True))

    def error(self) -> str:
        """Return the sentence that the page shows when something is wrong."""
        return self.page.inner_text("#error") if self.page.is_visible("#error") else ""

    def pixels(self) -> bytes:
        """Return what the model gets, as a PNG of the model's own size."""
        content: str = self.page.locator("#pixels").evaluate("canvas => canvas.toDataURL()")
        return base64.b64decode(content.partition(",")[2])

    def picture(self, name: str) -> None:
        """Keep a picture of the whole page."""
        SCREENSHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    def strangers(self) -> list[str]:
        """List requests to anywhere but the page's own server."""
        own = urlsplit(self.address).netloc
        return [asked for asked in self.requests if urlsplit(asked).netloc not in ("", own)]


@contextmanager
def visits(address: str, looks: Sequence[str] = ("light",)) -> Iterator[list[Visit]]:
    """Open a browser with one window for each look, on a page that is not loaded yet."""
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    assert program, f"install a browser for the tests of pages: {', '.join(BROWSERS)}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=FLAGS, chromium_sandbox=False
        )
        try:
            yield [visit(browser.new_context(**LOOKS[look]).new_page(), address) for look in looks]
        finally:
            browser.close()


def visit(page: Page, address: str) -> Visit:
    """Keep an eye on a page."""
    made = Visit(page, address)
    page.on("request", lambda request: made.requests.append(request.url))
    # An image that gives way to the next one before it is shown is no failure.
    page.on(
        "requestfailed",
        lambda request: (
            None if request.url.startswith("blob:") else made.failures.append(request.url)
        ),
    )
    page.on("pageerror", lambda error: made.failures.append(str(error)))
    return made


class Quiet(SimpleHTTPRequestHandler):
    """Any web server, as far as a page is concerned."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def static_server(folder: Path) -> Iterator[str]:
    """Serve a folder's files; gives the address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
