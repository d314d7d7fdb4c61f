"""The image of the ONNX server, built from its Dockerfile and run for real, with few rights."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import harness
import pytest
from containers import Container, Engine, NoEngine, find_engine
from project_lab import Project, one_at_a_time
from stand_ins import NoImage, base_images

IMAGE = "localhost/pickone-test-onnx"
# In the project's environment: eight rows within the inputs' bounds, and ONNX Runtime's answers.
ROWS = """
import json, numpy, onnxruntime
types = {"float32": "FP32", "int32": "INT32", "bool": "BOOL"}
signature = json.load(open("artifacts/onnx/manifest.json"))["signature"]
random, batch, sent = numpy.random.default_rng(0), {}, []
for tensor in signature["inputs"]:
    low, high = tensor["low"] or 0, 1 if tensor["high"] is None else tensor["high"]
    values = random.uniform(low, high, (8, *tensor["shape"])).astype(tensor["dtype"])
    batch[tensor["name"]] = values
    sent.append({"name": tensor["name"], "datatype": types[tensor["dtype"]],
                 "shape": list(values.shape), "data": values.ravel().tolist()})
names = [tensor["name"] for tensor in signature["outputs"]]
found = onnxruntime.InferenceSession("artifacts/onnx/model.onnx").run(names, batch)
answers = {name: values.ravel().tolist() for name, values in zip(names, found)}
print(json.dumps({"request": {"inputs": sent}, "answers": answers}))
"""


@contextmanager
def timed(step: str) -> Iterator[None]:
    """Print how long a step took."""
    start = time.monotonic()
    yield
    print(f"{time.monotonic() - start:5.1f} s  {step}")


def free_port() -> int:
    """Find a port that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@dataclass
class Exported:
    """A project with an exported model, eight rows as a request, and ONNX Runtime's answers."""

    project: Project
    request: dict[str, Any]
    answers: dict[str, list[float]]

    def ask(self, container: Container, copies: int = 1) -> dict[str, Any]:
        """Send the rows so many times in one request; HTTPError is what the server refuses."""
        inputs = [
            tensor | {"shape": [8 * copies, *tensor["shape"][1:]], "data": tensor["data"] * copies}
            for tensor in self.request["inputs"]
        ]
        url = f"http://127.0.0.1:{container.port}/v2/models/{self.project.slug}/infer"
        body = json.dumps({"inputs": inputs}).encode()
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            told: dict[str, Any] = json.load(answer)
        return told

    def check(self, container: Container) -> None:
        """Wait until the server is ready, and compare its answers with ONNX Runtime's."""
        container.wait_until_ready("/v2/health/ready")
        outputs = self.ask(container)["outputs"]
        assert {output["name"] for output in outputs} == self.answers.keys()
        for output in outputs:
            assert output["data"] == pytest.approx(self.answers[output["name"]], abs=1e-5)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Find an engine, and keep others who run these tests on this machine from its images."""
    try:
        found = find_engine()
    except NoEngine as error:
        if shutil.which("apt-get"):
            pytest.fail(f"{error}: README.md names Debian's packages")
        pytest.skip(str(error))
    with one_at_a_time(Path(tempfile.gettempdir(), "pickone-containers.lock")):
        print(f"engine: {found.command[0]}")
        yield found


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exported]:
    """Train and export a project of the default answers, with its own small environment."""
    folder = tmp_path_factory.mktemp("containers")
    answers = harness.presets()["pytorch"] | {"framework": "pytorch", "targets": ["onnx"]}
    project = Project(harness.render(folder / "project", answers), "my-model")
    with timed("install, train and export"):
        project.run("uv sync --quiet --no-dev")
        project.run("uv run --no-dev my-model train --epochs 5")
        project.run("uv run --no-dev my-model export onnx")
    command = [str(project.python), "-c", ROWS]
    done = subprocess.run(command, cwd=project.path, capture_output=True, text=True, check=True)
    yield Exported(project, **json.loads(done.stdout))
    shutil.rmtree(project.virtual_environment)


@pytest.fixture(scope="module")
def image(engine: Engine, exported: Exported) -> Iterator[str]:
    """Build the image from the rendered Dockerfile as it is."""
    folder = exported.project.path
    dockerfile = folder / "deploy" / "onnx" / "Dockerfile"
    with ExitStack() as held:
        with timed("bring the base image"):
            held.enter_context(base_images(engine, dockerfile))
        with timed("build the image"):
            held.enter_context(engine.built(folder, dockerfile, IMAGE))
        yield IMAGE


def test_the_server_in_its_container(engine: Engine, image: str, exported: Exported) -> None:
    """With few rights it answers as ONNX Runtime does, stays quiet, and ends on SIGTERM."""
    port = free_port()
    with engine.start(image, port=port, variables={"PORT": str(port)}) as container:
        with timed("start and answer"):
            exported.check(container)
        assert container.execute("id", "-u").stdout.strip() == "10001"
        assert "Read-only" in container.execute("touch", "/app/file").stderr
        assert memory_limit(container) == 512 * 2**20
        health = engine.health_check(image)
        with timed("check its health"):
            assert container.execute(*health).returncode == 0
            # On another port there is nobody.
            absent = container.execute("env", f"PORT={free_port()}", *health)
        assert absent.returncode == 1 and "no server answers" in absent.stderr
        with timed("stop"):
            code, seconds = container.stop()
        assert code == 0 and seconds < 10
        out, err = container.logs()
        assert f":{port} " in out
        assert "telemetry" not in err.lower(), err


def test_the_command_line_of_sagemaker(engine: Engine, image: str, exported: Exported) -> None:
    """`serve` is the command, flags may follow, and the user can be root."""
    folder = exported.project.path
    dockerfile = folder / "deploy" / "onnx" / "Dockerfile"
    # buildah 1.28 would find the other user's image in its cache.
    options = ("--no-cache", "--build-arg", "USER=root")
    port = free_port()
    # Vertex AI's variable goes before Cloud Run's.
    variables = {"AIP_HTTP_PORT": str(port), "PORT": "1"}
    command = ("serve", "--max-batch", "8")
    with (
        timed("build for root, and start as SageMaker does"),
        engine.built(folder, dockerfile, f"{IMAGE}-root", *options) as root,
        engine.start(root, *command, port=port, variables=variables) as container,
    ):
        exported.check(container)
        assert container.execute("id", "-u").stdout.strip() == "0"
        assert container.execute(*engine.health_check(root)).returncode == 0
        with pytest.raises(urllib.error.HTTPError, match="413"):
            exported.ask(container, copies=2)


def test_a_missing_package_is_noticed(
    engine: Engine, image: str, exported: Exported, tmp_path: Path
) -> None:
    """Without one of its pinned packages the server does not start, and the check says why."""
    folder = tmp_path / "project"
    ignored = shutil.ignore_patterns(".venv", "runs")
    shutil.copytree(exported.project.path, folder, ignore=ignored)
    needs = folder / "deploy" / "onnx" / "requirements.txt"
    kept = [line for line in needs.read_text().splitlines() if not line.startswith("uvicorn")]
    needs.write_text("\n".join(kept) + "\n")
    port = free_port()
    dockerfile = folder / "deploy" / "onnx" / "Dockerfile"
    with (
        timed("build without uvicorn, and start"),
        engine.built(folder, dockerfile, f"{IMAGE}-broken") as broken,
        engine.start(broken, port=port, variables={"PORT": str(port)}) as container,
        pytest.raises(AssertionError, match="No module named 'uvicorn'"),
    ):
        exported.check(container)


@pytest.mark.parametrize(
    ("framework", "target"), [("pytorch", "torchserve"), ("tensorflow", "tf_serving")]
)
def test_other_images_are_built(
    engine: Engine, framework: str, target: str, tmp_path: Path
) -> None:
    """Where a registry can be reached; the artifact is made up, as nothing runs."""
    answers = {"framework": framework, "targets": [target]}
    folder = harness.render(tmp_path / "project", answers)
    artifact = folder / "artifacts" / target
    artifact.mkdir(parents=True)
    (artifact / "model.mar").touch()
    (artifact / "requirements.txt").write_text("torch==2.13.0\n")
    dockerfile = folder / "deploy" / target / "Dockerfile"
    try:
        with (
            timed(f"build the image of {target}"),
            base_images(engine, dockerfile),
            engine.built(folder, dockerfile, f"localhost/pickone-test-{target}"),
        ):
            assert engine.has(f"localhost/pickone-test-{target}")
    except NoImage as missing:
        print(f"not built: the image of {target}, as {missing}")


def memory_limit(container: Container) -> int:
    """Read the limit in force, in bytes: control groups of the second version, or of the first."""
    files = "/sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes"
    return int(container.execute("sh", "-c", f"cat {files} 2> /dev/null").stdout)
