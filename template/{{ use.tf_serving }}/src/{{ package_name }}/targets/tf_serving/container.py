"""The official image of TensorFlow Serving, run by Docker or Podman."""

import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException
from pathlib import Path

from ...errors import UserError
from ...manifest import Manifest
from ...serving.run import listen
from ...settings import ServeSettings

ENGINES = ("docker", "podman")
ANSWER_SECONDS = 10  # for an engine to say that it runs
START_SECONDS = 120  # for the model to be available
STOP_SECONDS = 10  # for requests in flight
REST, GRPC = 8501, 8500  # the ports inside


class EngineError(Exception):
    """The engine could not get or start the image; the sentence is the engine's."""


def find_engine() -> str | None:
    """Return a container engine that really runs, if there is one.

    CONTAINER_ENGINE=docker or podman asks for one of the two, CONTAINER_ENGINE=none for neither.
    """
    wanted = os.environ.get("CONTAINER_ENGINE")
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return None  # the image is for no other processor
    for engine in ENGINES:
        if wanted in (None, "", engine) and shutil.which(engine):
            try:  # a program without its daemon, or without rights to it, is no engine
                asked = [engine, "info", "--format", "{{json .}}"]
                done = subprocess.run(asked, capture_output=True, timeout=ANSWER_SECONDS)
                if done.returncode == 0 and not json.loads(done.stdout).get("ServerErrors"):
                    return engine
            except (OSError, ValueError, subprocess.TimeoutExpired):
                continue
    return None


def find_image(deploy: Path) -> str | None:
    """Read which image the Dockerfile starts from, so that its version is in one place only."""
    file = deploy / "Dockerfile"
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    found = re.search(r"^FROM (\S+)", text, re.MULTILINE)
    return found[1] if found else None


def serve(
    engine: str, image: str, deploy: Path, folder: Path, manifest: Manifest, settings: ServeSettings
) -> None:
    """Run the image until Ctrl-C or SIGTERM; the addresses are printed once the model answers.

    Raises UserError when a port is busy, and EngineError when the image cannot be had or started.
    """
    host, port, grpc_port = free_ports(settings)
    name = f"{manifest.model}-{uuid.uuid4().hex[:8]}"
    command = [engine, "run", "--rm", "--init", "--name", name, *confinement(engine)]
    command += [f"--publish={host}:{port}:{REST}", f"--publish={host}:{grpc_port}:{GRPC}"]
    command += [f"--volume={folder.resolve()}:/models:ro"]
    command += [f"--volume={deploy.resolve()}:/config:ro"]
    command += ["--entrypoint=tensorflow_model_server", image, *flags()]
    with signals() as stopped:
        fetch(engine, image, stopped)
        # In a session of its own: Ctrl-C must not end it before its requests are answered.
        with subprocess.Popen(command, stdout=sys.stderr, start_new_session=True) as process:
            try:
                url = f"http://{host}:{port}/v1/models/{manifest.model}"
                if wait_until_available(url, process, stopped):
                    print(
                        f"Serving {manifest.model} at http://{host}:{port} (gRPC on port"
                        f" {grpc_port}; the official image {image} in {engine}; Ctrl-C stops)",
                        flush=True,
                    )
                while not stopped.wait(0.2) and process.poll() is None:
                    continue
            finally:
                if process.poll() is None:
                    stop = [engine, "stop", "-t", str(STOP_SECONDS), name]
                    subprocess.run(stop, capture_output=True)
                    process.wait()
        if not stopped.is_set():
            raise EngineError(f"it ended with exit code {process.returncode}")


def confinement(engine: str) -> list[str]:
    """Give the container no rights but to read the model, as the user who owns its files."""
    given = ["--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--security-opt=no-new-privileges"]
    given.append("--security-opt=label=disable")  # where SELinux would hide the model
    if engine == "podman":
        return [*given, "--userns=keep-id"]
    if sys.platform != "win32":
        given.append(f"--user={os.getuid()}:{os.getgid()}")
    return given


def fetch(engine: str, image: str, stopped: threading.Event) -> None:
    """Pull the image unless it is here; raises EngineError when it cannot be had."""
    here = subprocess.run([engine, "image", "inspect", image], capture_output=True)
    if here.returncode == 0:
        return
    with subprocess.Popen([engine, "pull", image], stdout=sys.stderr) as process:
        while process.poll() is None and not stopped.wait(0.2):
            continue
        if process.poll() is None:
            process.terminate()
    if process.returncode and not stopped.is_set():
        raise EngineError("the image cannot be pulled")


def flags() -> list[str]:
    """Give the server's own flags; the files are those of deploy/tf_serving."""
    return [
        f"--port={GRPC}",
        f"--rest_api_port={REST}",
        "--model_config_file=/config/models.config",
        "--allow_version_labels_for_unavailable_models=true",
        "--enable_batching=true",
        "--batching_parameters_file=/config/batching.config",
    ]


def free_ports(settings: ServeSettings) -> tuple[str, int, int]:
    """Choose both ports: the second is the next one, or any; raises UserError when busy."""
    with listen(settings.host, settings.port) as rest:
        host, port = rest.getsockname()[:2]
        for wanted in (settings.port and settings.port + 1, 0):
            with suppress(UserError), listen(settings.host, wanted) as rpc:
                return host, port, rpc.getsockname()[1]
    raise EngineError("no port is free for gRPC")


def wait_until_available(
    url: str, process: "subprocess.Popen[bytes]", stopped: threading.Event
) -> bool:
    """Ask for the model's status until it can answer; False when asked to stop meanwhile.

    Raises EngineError when the server ends or takes too long.
    """
    limit = time.monotonic() + START_SECONDS
    while not stopped.wait(0.2):
        if process.poll() is not None:
            raise EngineError(f"it ended with exit code {process.returncode}")
        if time.monotonic() > limit:
            raise EngineError(f"the model was not available within {START_SECONDS} s")
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if b'"AVAILABLE"' in answer.read():
                    return True
        except (OSError, HTTPException):
            continue
    return False


@contextmanager
def signals() -> Iterator[threading.Event]:
    """Turn Ctrl-C and SIGTERM into an event for the block."""
    stopped = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM)
    main = threading.current_thread() is threading.main_thread()
    before = {n: signal.signal(n, lambda *_: stopped.set()) for n in numbers} if main else {}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
