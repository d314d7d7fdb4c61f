"""A model in a headless browser, as a function: how an artifact with a page is verified.

The browser is the user's own Chromium, Chrome or Edge, started with an empty profile that is
removed afterwards. Graphics are computed in software, the same way on every computer.
"""

import contextlib
import dataclasses
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..manifest import FILE, Manifest
from .local import LocalServer
from .messages import RemoteModel

HERE = Path(__file__).parent
VERIFICATION = ("verify.html", "verify.js", "messages.mjs")
NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
    "microsoft-edge",
)
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
FLAGS = (
    "--headless=new",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-quic",
    "--disable-sync",
    "--mute-audio",
    "--password-store=basic",
    "--use-mock-keychain",
    # Nothing but this computer can be reached: what runs here, runs offline.
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    # WebGL and WebGPU without a graphics card.
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--enable-unsafe-webgpu",
    "--use-webgpu-adapter=swiftshader",
    "--enable-features=Vulkan",
)
READY_SECONDS = 120  # to start, and to load engine and model
ANSWER_SECONDS = 120
KNOWN: dict[str, dict[str, Any]] = {}  # what a browser said of itself when it was last opened


def open_browser(folder: Path, manifest: Manifest, backend: str) -> "Browser":
    """Open the artifact in `folder` in a headless browser, computing with `backend`.

    Raises UserError when no browser is installed, or when it cannot load the engine or the model.
    """
    return Browser(folder, manifest, backend)


def others(
    folder: Path, manifest: Manifest, backends: Sequence[str]
) -> dict[str, Callable[[], "Browser"]]:
    """Give a loader for each of `backends` that the browser has, as `webgpu in Chromium 156`.

    What cannot be tried is said on stderr.
    """
    opened: dict[str, Browser] = {}
    try:
        program = find_browser()
        if program not in KNOWN:
            try:
                opened[backends[0]] = open_browser(folder, manifest, backends[0])
            except UserError:  # of the engine, which its loader will raise; or of the browser
                Browser(folder, manifest, "").close()
        name, has = KNOWN[program]["browser"], KNOWN[program]["backends"]
    except UserError as error:
        print(f"not tried: {' and '.join(backends)}: {error}", file=sys.stderr)
        return {}
    for backend in backends:
        if not has[backend]:
            print(f"not tried: {backend}: {name} has no adapter for it here", file=sys.stderr)

    def load(backend: str) -> Browser:
        return opened.pop(backend, None) or open_browser(folder, manifest, backend)

    return {f"{backend} in {name}": partial(load, backend) for backend in backends if has[backend]}


def find_browser() -> str:
    """Return the program to start: $BROWSER_PATH, or the first known browser that is installed."""
    named = os.environ.get("BROWSER_PATH")
    if named:
        if shutil.which(named) is None:
            raise UserError(f"BROWSER_PATH is {named}, which is no program that can be started")
        return named
    for name in (*NAMES, *PLACES):
        found = shutil.which(name)
        if found:
            return found
    raise UserError(
        "no browser was found to try the page in; install Chromium, Chrome or Edge,"
        " or set BROWSER_PATH to one of them"
    )


class Browser(RemoteModel):
    """A function from inputs to outputs, any number of rows at once, until `close`."""

    is_slow = True

    def __init__(self, folder: Path, manifest: Manifest, backend: str) -> None:
        super().__init__(manifest.signature)
        program = find_browser()
        self.lock = threading.Lock()
        self.server = LocalServer(site(folder, manifest))
        self.profile = tempfile.mkdtemp(prefix="browser-")
        self.process = start(
            program, self.profile, f"{self.server.address}verify.html?{backend=!s}"
        )
        # Also at the end of the program, if nobody called `close`.
        self.close = weakref.finalize(self, end, self.process, self.server, self.profile)
        try:
            self.about: dict[str, Any] = json.loads(self.wait(READY_SECONDS, "load the model"))
            KNOWN[program] = self.about
        except BaseException:
            self.close()
            raise

    def ask(self, question: bytes) -> bytes:
        """Send a message to the page and return the answer's; threads take turns."""
        with self.lock:
            self.server.questions.put(question)
            try:
                return self.wait(ANSWER_SECONDS, "answer")
            except BaseException:
                self.close()  # or the next question would get this one's answer
                raise

    def wait(self, seconds: float, what: str) -> bytes:
        """Wait for what the page sends; UserError when it fails, ends, or takes too long."""
        end = time.monotonic() + seconds
        while True:
            with contextlib.suppress(queue.Empty):
                kind, content = self.server.answers.get(timeout=0.1)
                if kind == "failed":
                    raise UserError(f"the browser cannot {what}: {content.decode()}")
                return content
            if self.process.poll() is not None:
                raise UserError(f"the browser ended before it could {what}{self.last_line()}")
            if time.monotonic() > end:
                raise UserError(
                    f"the page did not {what} within {seconds:.0f} seconds in the browser"
                )

    def last_line(self) -> str:
        """Return the last line that the browser wrote, if it is no log of Chromium's insides."""
        lines = (Path(self.profile) / "stderr.txt").read_text("utf-8", "replace").splitlines()
        left = [line.strip() for line in lines if line.strip() and ":ERROR:gpu/" not in line]
        return f": {left[-1]}" if left else ""


def site(folder: Path, manifest: Manifest) -> dict[str, Path | bytes]:
    """List what the browser may read, by its path: the artifact and the verification page."""
    artifact = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*")}
    files: dict[str, Path | bytes] = {n: file for n, file in artifact.items() if file.is_file()}
    # As it is in memory: it may ask for another precision than the one on the disk.
    files[FILE] = json.dumps(dataclasses.asdict(manifest)).encode()
    return files | {name: HERE / name for name in VERIFICATION}


def start(program: str, profile: str, address: str) -> subprocess.Popen[bytes]:
    """Start a headless browser, with a process group of its own."""
    flags = [*FLAGS, f"--user-data-dir={profile}"]
    environment = dict(os.environ)
    options: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        options = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    if sys.platform == "linux":
        environment["TMPDIR"] = profile  # what it leaves behind goes with the profile
        if os.geteuid() == 0:
            flags.append("--no-sandbox")  # it does not start as root with one
    with (Path(profile) / "stderr.txt").open("wb") as stderr:
        return subprocess.Popen(
            [program, *flags, address],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            env=environment,
            **options,
        )


def end(process: subprocess.Popen[bytes], server: LocalServer, profile: str) -> None:
    """Kill the browser with all its processes, stop the server, remove the profile."""
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True)
    else:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    server.close()
    for _ in range(20):  # its last processes may still write
        shutil.rmtree(profile, ignore_errors=True)
        if not Path(profile).exists():
            return
        time.sleep(0.05)
