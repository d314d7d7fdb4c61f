"""PyTorch to a TorchServe archive: a `torch.export` program, what it takes, and a handler."""

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

import torch
from packaging.requirements import Requirement

from ...errors import UserError
from ...inference import examples, load_module
from ...runs import Run
from .. import Exported
from .process import require_system

LARGEST_BATCH = 65_536
SERVER = ("torchserve", "torch", "numpy", "pyyaml")  # TorchServe forgets to ask for the last two


def export(run: Run, folder: Path, precision: str) -> Exported:
    """Write `model.mar`, and `requirements.txt` with the packages that a server of it needs.

    Raises UserError where TorchServe cannot be started, as nothing could be verified there.
    """
    require_system()
    signature = run.signature()
    # PyTorch saves programs with weights in its own order only; others it warns about.
    module = load_module(run).to(memory_format=torch.contiguous_format)
    inputs = examples(signature, rows=2)  # torch.export takes a dimension of one for a constant
    batch = torch.export.Dim("batch", min=1, max=LARGEST_BATCH)
    shapes = ({0: batch},) * len(inputs)
    program = torch.export.export(module, inputs, dynamic_shapes=shapes)
    with tempfile.TemporaryDirectory() as made:
        parts = Path(made)
        torch.export.save(program, parts / "model.pt2")
        about = json.dumps(dataclasses.asdict(signature) | {"run": run.name})
        (parts / "model.json").write_text(about, encoding="utf-8")
        archive(parts, folder)
    (folder / "requirements.txt").write_text(requirements(), encoding="utf-8")
    return Exported(models={precision: "model.mar"})


def archive(parts: Path, folder: Path) -> None:
    """Put the parts and the handler into `folder/model.mar`, with TorchServe's own archiver."""
    command = [sys.executable, "-m", "model_archiver.model_packaging"]
    command += ["--model-name", "model", "--version", "1.0", "--export-path", str(folder)]
    command += ["--serialized-file", str(parts / "model.pt2")]
    command += ["--extra-files", str(parts / "model.json")]
    command += ["--handler", str(Path(__file__).with_name("handler.py"))]
    # The archiver empties a folder of the model's name among the temporary ones, whoever owns it:
    # it gets a place where there is nothing to lose.
    places = {name: str(parts) for name in ("TMPDIR", "TEMP", "TMP")}
    done = subprocess.run(command, env=os.environ | places, capture_output=True, text=True)
    if done.returncode:
        raise UserError(f"torch-model-archiver failed: {done.stderr.strip().splitlines()[-1:]}")


def requirements() -> str:
    """List what a server needs, in the versions that this artifact is proven with.

    What PyTorch needs for GPUs only is left out.
    """
    found: dict[str, str] = {}
    left = list(SERVER)
    while left:
        name = left.pop()
        if name in found or name.startswith(("nvidia-", "cuda-", "triton")):
            continue
        found[name] = metadata.version(name).partition("+")[0]
        needs = [Requirement(text) for text in metadata.requires(name) or ()]
        left += [need.name.lower() for need in needs if not need.marker or need.marker.evaluate()]
    return "".join(f"{name}=={version}\n" for name, version in sorted(found.items()))
