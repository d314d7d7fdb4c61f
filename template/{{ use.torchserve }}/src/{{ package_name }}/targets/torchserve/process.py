"""One TorchServe: its private folder, its ports, its processes, and their end."""

import contextlib
import errno
import http.client
import json
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

from ...errors import UserError
from ...manifest import Manifest
from ...settings import ServeSettings
from .java import require_java

ARCHIVE = "model.mar"
KEYS = "key_file.json"
LOGS = ("console.log", "torchserve.log")
LAST_LINES = 20
HERE = "127.0.0.1"
START_SECONDS = 120
STOP_SECONDS = 10
LONGEST_FOLDER = 60
LARGEST_BODY_MIB = 2047  # TorchServe counts bytes in 31 bits

CONFIG = """\
inference_address=http://{host}:{port}
management_address=http://{here}:{management}
metrics_address=http://{here}:{metrics}
grpc_inference_address={here}
grpc_inference_port={grpc_inference}
grpc_management_address={here}
grpc_management_port={grpc_management}
disable_token_authorization=false
token_expiration_min=5256000
enable_model_api=false
allowed_urls=file://{home}/models/.*
load_models={name}={archive}
default_workers_per_model=1
default_response_timeout=60
install_py_dep_per_model=false
number_of_gpu=0
max_request_size={bytes}
max_response_size={bytes}
decode_input_request=false
metrics_mode=prometheus
disable_system_metrics=true
vmargs=-Xmx512m -XX:+UseSerialGC
"""


class TorchServe:
    """A TorchServe with one model; its tokens last as long as it does.

    `home` is its folder, which nobody else may enter; `home/key_file.json` has the tokens.
    """

    def __init__(self, folder: Path, manifest: Manifest, settings: ServeSettings) -> None:
        """Start the processes; raises UserError when Java is missing or the port is taken."""
        refuse(settings)
        require_java()
        self.name = manifest.model
        self.host, self.port = settings.host, claim(settings.host, settings.port)
        others = ("management", "metrics", "grpc_inference", "grpc_management")
        self.ports = dict(zip(others, free_ports(len(others)), strict=True))
        # Unix sockets are made in this folder, and the system wants their paths short.
        short = len(tempfile.gettempdir()) <= LONGEST_FOLDER
        self.home = Path(tempfile.mkdtemp("", "torchserve-", None if short else "/tmp")).resolve()
        try:
            self.process = self.start(folder, settings)
        except BaseException:
            shutil.rmtree(self.home, ignore_errors=True)
            raise

    def start(self, folder: Path, settings: ServeSettings) -> subprocess.Popen[bytes]:
        """Write what TorchServe reads, and start it as the leader of a process group."""
        store = self.home / "models"
        store.mkdir()
        shutil.copy(folder / ARCHIVE, store)
        here = Path(__file__).parent
        config = self.home / "config.properties"
        values = {"host": self.host, "port": self.port, "here": HERE, "home": self.home}
        values |= self.ports | {"name": self.name, "archive": ARCHIVE}
        text = CONFIG.format(**values, bytes=settings.max_body_mib * 2**20)
        config.write_text(text, encoding="utf-8")
        shutil.copy(here / "log4j2.xml", self.home)
        arguments = ["--start", "--foreground", "--no-config-snapshots"]
        arguments += ["--model-store", str(store), "--ts-config", str(config)]
        arguments += ["--log-config", str(self.home / "log4j2.xml")]
        # Its own variables come before the file that is written here: none may stay.
        kept = {key: value for key, value in os.environ.items() if not key.startswith("TS_")}
        kept |= {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")}
        kept |= dict.fromkeys(("TMPDIR", "TEMP", "LOG_LOCATION"), str(self.home))
        kept |= {"LC_ALL": "C.UTF-8"}  # or Java could not read a path with an umlaut
        if kept.get("JAVA_HOME"):
            kept["JAVA_HOME"] = str(Path(kept["JAVA_HOME"]).resolve())
        with (self.home / LOGS[0]).open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-P", str(here / "front.py"), *arguments],
                cwd=self.home,
                env=kept | {"MAX_BATCH": str(settings.max_batch)},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def __enter__(self) -> "TorchServe":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def wait_until_ready(self, stopped: Callable[[], object] = lambda: False) -> None:
        """Wait for a worker that can answer, or until `stopped()`; UserError when none comes.

        `/ping` says "Healthy" before there is one, so the management port is asked.
        """
        end = time.monotonic() + START_SECONDS
        while self.alive() and time.monotonic() < end:
            if stopped() or self.workers() == ["READY"]:
                return
            time.sleep(0.1)
        raise self.failure("did not get ready")

    def failure(self, what: str) -> UserError:
        """Put the end of the log on stderr, and make the error that says what has happened."""
        for name in LOGS:
            with contextlib.suppress(OSError):
                text = (self.home / name).read_text(encoding="utf-8", errors="replace")
                print(*text.splitlines()[-LAST_LINES:], sep="\n", file=sys.stderr)
        return UserError(f"TorchServe {what}; the end of its log is above")

    def alive(self) -> bool:
        """Say whether the first process still runs."""
        return self.process.poll() is None

    def workers(self) -> list[str]:
        """Return the state of each worker, or nothing as long as the server does not answer."""
        try:
            path = f"/models/{self.name}"
            _, body = ask(HERE, self.ports["management"], path, self.token("management"))
            return [worker["status"] for worker in json.loads(body)[0]["workers"]]
        except (OSError, http.client.HTTPException, ValueError, LookupError):
            return []

    def token(self, kind: str = "inference") -> str:
        """Read a token, for `inference` or for `management`."""
        keys: dict[str, Any] = json.loads((self.home / KEYS).read_text(encoding="utf-8"))
        return str(keys[kind]["key"])

    def close(self, at_once: bool = False) -> None:
        """End every process of the group, and remove the folder with the tokens.

        It takes seconds, unless it is done `at_once`, where nobody waits for an answer.
        """
        end_group(self.process.pid, at_once)
        self.process.wait()
        if self.process.stdin:
            self.process.stdin.close()
        shutil.rmtree(self.home, ignore_errors=True)


def ask(
    host: str, port: int, path: str, token: str, body: bytes | None = None
) -> tuple[int, bytes]:
    """Send one request with a token; returns the status and the body of the answer."""
    connection = http.client.HTTPConnection(host, port, timeout=60)
    try:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request("POST" if body else "GET", path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def end_group(group: int, at_once: bool = False) -> None:
    """Tell a process group to end, make it if it does not, and return when it is empty.

    `at_once` makes it without telling it. Java outlives the leader for a moment, so the leader's
    exit would not be enough.
    """
    if sys.platform != "win32":  # where nothing was started
        for number in (signal.SIGKILL,) if at_once else (signal.SIGTERM, signal.SIGKILL):
            if members(group):
                os.killpg(group, number)
            end = time.monotonic() + STOP_SECONDS
            while members(group) and time.monotonic() < end:
                time.sleep(0.05)


def members(group: int) -> list[int]:
    """List the processes of a group that still run."""
    found: list[int] = []
    if sys.platform != "win32":
        for process in psutil.process_iter():
            try:
                # One that has ended stays listed until its parent asks, and not every parent does.
                if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process.pid)
            except (ProcessLookupError, psutil.NoSuchProcess):
                continue
    return found


def refuse(settings: ServeSettings) -> None:
    """Raise UserError for what TorchServe, or starting it here, cannot do."""
    require_system()
    if ":" in settings.host or "/" in settings.host:
        raise UserError(
            f"TorchServe cannot listen on {settings.host}; name an IPv4 address, such as {HERE}"
        )
    if settings.max_body_mib > LARGEST_BODY_MIB:
        raise UserError(f"TorchServe takes at most {LARGEST_BODY_MIB} MiB; lower max_body_mib")


def require_system() -> None:
    """Raise UserError where TorchServe cannot be started."""
    if platform.system() == "Windows":
        raise UserError(
            "TorchServe is started on Linux and macOS only; on Windows use WSL, or the container"
            " of deploy/torchserve with an artifact from one of them"
        )


def claim(host: str, port: int) -> int:
    """Make sure that a port can be listened on, and return it; 0 stands for a free one."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
            return int(listener.getsockname()[1])
    except (OSError, UnicodeError) as error:
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise UserError(
                f"port {port} on {host} is in use by another program; choose one with --port"
            ) from error
        raise UserError(f"cannot listen on {host}, port {port}: {error}") from error


def free_ports(count: int) -> list[int]:
    """Find ports on this computer that nobody listens on."""
    with contextlib.ExitStack() as held:  # all at once, or the same one could come twice
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for listener in sockets:
            listener.bind((HERE, 0))
        return [listener.getsockname()[1] for listener in sockets]
