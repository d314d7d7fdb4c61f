"""PyTorch to ONNX, through torch.export."""

import contextlib
import io
import logging
import warnings
from pathlib import Path

import onnx
import torch

from ...inference import load_network
from ...model import Answer
from ...runs import Run
from .. import Exported
from ..manifest import Tensor
from .precision import models

LARGEST_BATCH = 65_536


def export(run: Run, folder: Path, precision: str) -> Exported:
    """Write `model.onnx` with a free batch size; returns what goes in and what comes out.

    A model of less than float32 gets the float32 one beside it.
    """
    answer = Answer(load_network(run)).eval()
    shape, classes = run.card()["input_shape"], run.card()["classes"]
    # Two rows: torch.export takes a dimension of one for a constant.
    example = torch.zeros(2, *shape)
    batch = torch.export.Dim("batch", min=1, max=LARGEST_BATCH)
    file = folder / "model.onnx"
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")  # of the exporter about its own parts
        torch.onnx.export(
            answer,
            (example,),
            file,
            input_names=["images"],
            output_names=["probabilities"],
            dynamic_shapes=({0: batch},),
            dynamo=True,
            external_data=False,
        )
    onnx.checker.check_model(onnx.load(file), full_check=True)
    return Exported(
        inputs=(Tensor("images", "float32", (None, *shape)),),
        outputs=(Tensor("probabilities", "float32", (None, len(classes))),),
        models=models(file, precision, run),
    )
