"""Write a run for ONNX Runtime genai, by its own model builder."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from ...chat_model import details
from ...errors import UserError
from ...merged import write_merged
from ...runs import Run
from .. import Exported

FILE = "model.onnx"
PRECISIONS = {"float32": "fp32", "int4": "int4"}  # as the builder calls them


def export(run: Run, folder: Path, precision: str, context: int = 0) -> Exported:
    """Write the model in a precision; UserError where the builder does not know its kind."""
    facts = run.card()["facts"]
    with tempfile.TemporaryDirectory(prefix=".merged-", dir=folder.parent) as place:
        merged, cache = Path(place) / "model", Path(place) / "cache"
        write_merged(run, merged)
        about = details(merged, facts, context)
        build(merged, folder, PRECISIONS[precision], cache)
    return Exported({precision: FILE}, about)


def build(merged: Path, folder: Path, precision: str, cache: Path) -> None:
    """Run the builder, which is a program, without a network."""
    command = [sys.executable, "-m", "onnxruntime_genai.models.builder", "-i", str(merged)]
    command += ["-o", str(folder), "-p", precision, "-e", "cpu", "-c", str(cache)]
    offline = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    done = subprocess.run(command, env=os.environ | offline, capture_output=True, text=True)
    if done.returncode or not (folder / FILE).is_file():
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise UserError(f"ONNX Runtime genai's builder does not write this model: {''.join(last)}")
