"""The servers: where each one's environment is, and how it is started on 127.0.0.1."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
PINS = HERE / "pins"
OURS = "the rendered server"
FLOOR = "uvicorn, a constant"
FLOOR_AND_MODEL = "the same, and the model"


@dataclass(frozen=True)
class Server:
    """One server that is measured."""

    name: str
    environment: Path
    pins: Path  # its packages, all with exact versions
    # Given a free port and an empty folder, in which it runs: the command.
    command: Callable[[int, Path], list[str]]
    path: str = ""  # where it answers; the protocol's own path when empty
    source: Path | None = None  # a package to be installed beside the pinned ones


def servers(project: Path, environments: Path) -> list[Server]:
    """List all servers: the two floors, the rendered one, the others."""

    def bin_of(name: str, program: str = "python") -> str:
        return str(environments / name / "bin" / program)

    def ours(port: int, folder: Path) -> list[str]:
        (package,) = (file.parent.name for file in project.glob("src/*/cli.py"))
        for name in ("artifacts", "config.toml"):
            (folder / name).symlink_to(project.resolve() / name)
        return [bin_of("ours"), "-m", package, "serve", "onnx", "--port", str(port)]

    def stack(name: str) -> Callable[[int, Path], list[str]]:
        return lambda port, folder: [bin_of(name), str(HERE / f"{name}_stack.py"), str(port)]

    def mlserver(port: int, folder: Path) -> list[str]:
        settings = {"host": "127.0.0.1", "http_port": port, "grpc_port": port + 1}
        settings |= {"metrics_endpoint": None, "parallel_workers": 0, "debug": False}
        model = {"name": model_name(project), "implementation": "mlserver_stack.Runtime"}
        (folder / "settings.json").write_text(json.dumps(settings))
        (folder / "model-settings.json").write_text(json.dumps(model))
        return [bin_of("mlserver", "mlserver"), "start", str(folder)]

    def bentoml(port: int, folder: Path) -> list[str]:
        program = [bin_of("bentoml", "bentoml"), "serve", "bentoml_stack:Service"]
        return [*program, "--host", "127.0.0.1", "--port", str(port), "--working-dir", str(HERE)]

    def torchserve(port: int, folder: Path) -> list[str]:
        name = model_name(project)
        archiver = [bin_of("torchserve", "torch-model-archiver"), "--model-name", name]
        archiver += ["--version", "1", "--handler", str(HERE / "torchserve_stack.py")]
        archiver += ["--extra-files", str(HERE / "network.py"), "--export-path", str(folder)]
        subprocess.run(archiver, check=True)
        kinds = ("inference", "management", "metrics")
        lines = [f"{kind}_address=http://127.0.0.1:{port + i}" for i, kind in enumerate(kinds)]
        for number, kind in enumerate(kinds[:2], 3):
            lines += [f"grpc_{kind}_address=127.0.0.1", f"grpc_{kind}_port={port + number}"]
        lines += ["default_workers_per_model=1", "disable_token_authorization=true"]
        (folder / "config.properties").write_text("\n".join(lines))
        program = [bin_of("torchserve", "torchserve"), "--foreground", "--ncs", "--ts-config"]
        program += [str(folder / "config.properties"), "--model-store", str(folder)]
        return [*program, "--models", f"{name}={name}.mar"]

    def server(name: str, command: Callable[[int, Path], list[str]], path: str = "") -> Server:
        key = name.lower()
        return Server(name, environments / key, PINS / f"{key}.txt", command, path)

    def floor(*more: str) -> Callable[[int, Path], list[str]]:
        return lambda port, folder: [bin_of("ours"), str(HERE / "floor.py"), str(port), *more]

    needs = project / "deploy" / "onnx" / "requirements.txt"
    return [
        Server(FLOOR, environments / "ours", needs, floor()),
        Server(FLOOR_AND_MODEL, environments / "ours", needs, floor("model")),
        Server(OURS, environments / "ours", needs, ours, source=project),
        server("LitServe", stack("litserve")),
        server("KServe", stack("kserve")),
        server("MLServer", mlserver),
        server("BentoML", bentoml),
        server("TorchServe", torchserve, f"/predictions/{model_name(project)}"),
    ]


def model_name(project: Path) -> str:
    """Read the model's name in the project's artifact; "" while there is none."""
    file = project / "artifacts" / "onnx" / "manifest.json"
    return str(json.loads(file.read_text())["model"]) if file.is_file() else ""
