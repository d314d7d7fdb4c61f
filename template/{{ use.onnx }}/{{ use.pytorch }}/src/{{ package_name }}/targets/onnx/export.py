"""PyTorch to ONNX, through torch.export."""

from pathlib import Path

import onnx
import torch

from ...capture import capture
from ...inference import examples, load_module
from ...runs import Run
from .. import Exported
from .precision import models

LARGEST_BATCH = 65_536


def export(run: Run, folder: Path, precision: str) -> Exported:
    """Write `model.onnx` with a free batch size.

    A model of less than float32 gets the float32 one beside it.
    """
    models_by_precision = models(
        folder / "model.onnx", precision, run, lambda file, outside: write(run, file, outside)
    )
    return Exported(models=models_by_precision)


def write(run: Run, file: Path, scaled_outside: bool) -> None:
    """Write the float32 model."""
    module = load_module(run, True) if scaled_outside else load_module(run)
    signature = run.signature()
    batch = torch.export.Dim("batch", min=1, max=LARGEST_BATCH)
    with capture():  # what the exporter says about its own parts
        torch.onnx.export(
            module,
            examples(signature, rows=2),  # torch.export takes a dimension of one for a constant
            file,
            input_names=[tensor.name for tensor in signature.inputs],
            output_names=[tensor.name for tensor in signature.outputs],
            dynamic_shapes=tuple({0: batch} for _ in signature.inputs),
            dynamo=True,
            external_data=False,
        )
    onnx.checker.check_model(onnx.load(file), full_check=True)
