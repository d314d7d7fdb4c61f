"""Container images for tests: built and run with Docker, else with Debian's buildah and podman.

engine = find_engine()                 raises NoEngine where there is none
with base_images(engine, dockerfile):  from stand_ins.py
    engine.build(folder, dockerfile, "test-image")
    with engine.start("test-image", "serve", port=8080) as container:
        container.execute("id", "-u")
"""

from __future__ import annotations

import ast
import configparser
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SECONDS = 600  # for one command; none takes half of it
RIGHTS = ("--read-only", "--cap-drop=all", "--security-opt=no-new-privileges")
LIMITS = ("--memory=512m", "--pids-limit=100")


class NoEngine(Exception):
    """Nothing on this machine builds and runs containers."""


def run(*command: str | Path) -> str:
    """Run a program to its end and return what it printed; any exit code but 0 is an error."""
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=SECONDS
    )
    said = f"{done.stdout}\n{done.stderr}"[-3000:]
    assert done.returncode == 0, f"{' '.join(map(str, command))}: exit {done.returncode}\n{said}"
    return done.stdout


def succeeds(*command: str) -> bool:
    """Say whether a program ends with 0; it does not when it is missing."""
    try:
        return subprocess.run(command, capture_output=True, timeout=SECONDS).returncode == 0
    except FileNotFoundError:
        return False


class Engine:
    """Docker; images and containers are those of its daemon."""

    command: tuple[str, ...] = ("docker",)
    limits: tuple[str, ...] = ()  # that need no rights

    def __call__(self, *arguments: str) -> str:
        """Run one of the engine's commands and return what it printed."""
        return run(*self.command, *arguments).strip()

    def has(self, image: str) -> bool:
        """Say whether an image is on this machine."""
        return succeeds(*self.command, "image", "inspect", image)

    def build(self, folder: Path, dockerfile: Path, image: str, *options: str) -> None:
        """Build an image from a folder."""
        self("build", "--file", str(dockerfile), "--tag", image, *options, str(folder))

    def run_in(self, image: str, folder: Path, *command: str) -> str:
        """Run a command in a new container that has a folder as /work; return what it printed."""
        options = (*self.limits, "--network=none", f"--volume={folder}:/work", "--workdir=/work")
        return self("run", "--rm", *options, image, *command)

    def unnamed(self) -> set[str]:
        """List images without a name, which failed builds leave; Docker's are no images."""
        return set()

    @contextmanager
    def built(self, folder: Path, dockerfile: Path, image: str, *options: str) -> Iterator[str]:
        """Build an image, which is removed at the end, whatever happens."""
        before = self.unnamed()
        try:
            self.build(folder, dockerfile, image, *options)
            yield image
        finally:
            succeeds(*self.command, "rmi", "--force", image)
            for left in self.unnamed() - before:
                succeeds(*self.command, "rmi", "--force", left)

    def health_check(self, image: str) -> list[str]:
        """Read the command of an image's HEALTHCHECK; Podman has it in another place."""
        (about,) = json.loads(self("image", "inspect", image))
        check = about.get("Healthcheck") or about["Config"]["Healthcheck"]
        kind, *command = check["Test"]
        assert kind == "CMD", kind
        return list(command)

    def network(self, port: int) -> tuple[str, ...]:
        """Return the options that open a port of a container on this machine only."""
        return ("--publish", f"127.0.0.1:{port}:{port}")

    @contextmanager
    def start(
        self, image: str, *command: str, port: int, variables: dict[str, str] | None = None
    ) -> Iterator[Container]:
        """Start a container with few rights; it is removed at the end, whatever happens."""
        name = f"pickone-test-{port}"
        options = [f"--env={key}={value}" for key, value in (variables or {}).items()]
        options += [f"--name={name}", *RIGHTS, *LIMITS, *self.network(port)]
        try:
            self("run", "--detach", *options, image, *command)
            yield Container(self, name, port)
        finally:
            succeeds(*self.command, "rm", "--force", name)


class Podman(Engine):
    """Podman, with buildah and runc: they need no daemon, and run inside a container as well."""

    limits = ("--ulimit=nofile=1024:1024", "--ulimit=nproc=512:512")

    def __init__(self) -> None:
        self.command = ("podman", "--runtime", "runc")
        if not Path("/run/systemd/system").is_dir():
            self.command += ("--cgroup-manager", "cgroupfs")

    def build(self, folder: Path, dockerfile: Path, image: str, *options: str) -> None:
        """Build an image from a folder, with this machine's settings of pip."""
        before = self.unfinished()
        with tempfile.TemporaryDirectory() as made:
            try:
                run(
                    *("buildah", "build", "--layers", "--force-rm", "--isolation=chroot"),
                    # The other format has no HEALTHCHECK.
                    *("--format=docker", "--network=host", "--pull-never"),
                    *(*pip_volumes(Path(made)), *options),
                    *("--file", dockerfile, "--tag", image, folder),
                )
            finally:
                for left in self.unfinished() - before:
                    run("buildah", "rm", left)

    def unfinished(self) -> set[str]:
        """List the containers of builds; one that is interrupted leaves its own."""
        return set(run("buildah", "containers", "--quiet").split())

    def unnamed(self) -> set[str]:
        """List images without a name: the layers of builds."""
        listed = self("images", "--all", "--quiet", "--no-trunc", "--filter", "dangling=true")
        return set(listed.split())

    def network(self, port: int) -> tuple[str, ...]:
        """Return the options for this machine's network."""
        return ("--network=host", *self.limits, "--no-healthcheck")


@dataclass
class Container:
    """A container that was started, and the port on which its server listens."""

    engine: Engine
    name: str
    port: int

    def state(self, field: str) -> str:
        """Read a field of what the engine knows, such as `State.ExitCode`."""
        return self.engine("inspect", "--format", f"{{{{.{field}}}}}", self.name)

    def logs(self) -> tuple[str, str]:
        """Return what the container wrote to stdout and to stderr."""
        command = [*self.engine.command, "logs", self.name]
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
        return done.stdout, done.stderr

    def execute(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command inside."""
        whole = [*self.engine.command, "exec", self.name, *command]
        return subprocess.run(whole, capture_output=True, text=True, timeout=SECONDS)

    def wait_until_ready(self, path: str, seconds: float = 60) -> None:
        """Wait for status 200; an error tells what a container wrote that ended or never got so."""
        end = time.monotonic() + seconds
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5).close()
                return
            except OSError as error:
                told = "\n".join([f"not ready: {error}", *self.logs()])
                assert self.state("State.Running") == "true", told
                assert time.monotonic() < end, told
            time.sleep(0.1)

    def stop(self) -> tuple[int, float]:
        """Send SIGTERM, and SIGKILL 15 seconds later; return the exit code and the seconds."""
        start = time.monotonic()
        self.engine("stop", "-t", "15", self.name)
        return int(self.state("State.ExitCode")), time.monotonic() - start


def find_engine() -> Engine:
    """Find Docker, else buildah and podman; raises NoEngine with what to install."""
    if succeeds("docker", "info"):
        return Engine()
    path = f"{os.environ['PATH']}{os.pathsep}/usr/sbin"
    missing = [name for name in ("buildah", "podman", "runc") if not shutil.which(name, path=path)]
    if missing:
        raise NoEngine(f"no Docker engine runs, and there is no {', '.join(missing)}")
    return Podman()


def pip_volumes(folder: Path) -> list[str]:
    """Return the options that let pip, in a build, do as it does on this machine.

    Its settings, variables among them, become one pip.conf in `folder`; the files and folders that
    they name are mounted where they are.
    """
    listed = run(sys.executable, "-m", "pip", "config", "list").splitlines()
    settings: dict[str, str] = {}
    for line in sorted(listed, key=lambda line: line.startswith(":env:")):  # variables win
        name, _, value = line.partition("=")
        settings[name.rpartition(".")[2]] = ast.literal_eval(value)
    settings.setdefault("cert", str(ssl.get_default_verify_paths().cafile or ""))
    mounts: dict[Path, Path] = {}
    for word in " ".join(settings.values()).split():
        path = Path(word.removeprefix("file://"))
        # The files of an index lie beside its folder.
        path = path.parent if word.startswith("file://") else path
        if path.is_absolute() and path.exists() and path != path.parent:
            mounts[path] = path
    written = configparser.RawConfigParser()
    written["global"] = {name: value for name, value in settings.items() if value}
    with (folder / "pip.conf").open("w", encoding="utf-8") as file:
        written.write(file)
    mounts[folder / "pip.conf"] = Path("/etc/pip.conf")
    return [f"--volume={here}:{there}:ro" for here, there in mounts.items()]
