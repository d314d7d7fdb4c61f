"""PyTorch to TFLite files, one for each precision, through LiteRT's converter and quantizer."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ...errors import UserError
from ...inference import load_network
from ...model import Answer
from ...runs import Run
from .. import Exported
from ...capture import capture
from . import LIMITS
from .artifact import SOURCE, calibration, finish


def export(run: Run, folder: Path, precision: str) -> Exported:
    """Write `float32.tflite` and the others: all precisions together, whichever is asked for.

    Raises UserError on systems for which there is no converter.
    """
    if importlib.util.find_spec("litert_torch") is None:
        raise UserError(
            "litert-torch, which converts to TFLite, has packages for Linux on x86-64 and for macOS"
            " only; export there, and copy artifacts/tflite: the files run everywhere"
        )
    model = convert(run)
    rows = calibration(run)
    with capture():
        models = {name: VARIANTS[name](model, rows) for name in LIMITS}
    return finish(run, folder, models)


def convert(run: Run) -> bytes:
    """Convert the trained model, float32.

    The network takes images as [n, height, width, channels], the order that TFLite has, so the
    converter drops the step that brings them into PyTorch's own.
    """
    answer = Answer(load_network(run)).eval()
    one = torch.zeros(1, *run.card()["input_shape"])
    with capture():
        import litert_torch  # takes seconds, and talks

        converted = litert_torch.convert(answer, sample_kwargs={SOURCE: one})
        return bytes(converted.model_content())


def keep(model: bytes, rows: np.ndarray) -> bytes:
    """Leave everything in float32."""
    return model


def to_float16(model: bytes, rows: np.ndarray) -> bytes:
    """Store the weights of layers in float16; compute in float32, or in float16 on a GPU."""
    from ai_edge_quantizer import recipe_manager
    from ai_edge_quantizer.algorithm_manager import AlgorithmName
    from ai_edge_quantizer.qtyping import TFLOperationName

    recipe = recipe_manager.RecipeManager()
    for layer in ("CONV_2D", "CONV_2D_TRANSPOSE", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
        recipe.add_weight_only_config(
            ".*", TFLOperationName(layer), 16, algorithm_key=AlgorithmName.FLOAT_CASTING
        )
    return quantize(model, recipe.get_quantization_recipe())


def to_dynamic_range(model: bytes, rows: np.ndarray) -> bytes:
    """Store large weights in int8, and find the ranges of what flows between layers on the way."""
    from ai_edge_quantizer import recipe

    return quantize(model, recipe.dynamic_legacy_wi8_afp32())


def to_int8(model: bytes, rows: np.ndarray) -> bytes:
    """Compute in int8 from input to output, with the ranges that training inputs have."""
    from ai_edge_quantizer import recipe

    return quantize(model, recipe.static_wi8_ai8(), rows)


def quantize(model: bytes, recipe: Any, rows: np.ndarray | None = None) -> bytes:
    """Quantise a float32 model by a recipe; a static one needs inputs to calibrate with."""
    from ai_edge_quantizer import calibrator, quantizer, recipe_manager
    from ai_edge_quantizer.utils.qsv_utils import min_max_update

    ranges = None
    if rows is not None:
        # Left to itself, the quantizer takes a moving average, which forgets all but the last rows.
        watcher = calibrator.Calibrator(model, num_threads=1, qsv_update_func=min_max_update)
        manager = recipe_manager.RecipeManager()
        manager.load_quantization_recipe(recipe)
        samples = [{SOURCE: rows[number : number + 1]} for number in range(len(rows))]
        watcher.calibrate({"serving_default": samples}, manager)
        ranges = watcher.get_model_qsvs()
    return bytes(quantizer.Quantizer(model, recipe).quantize(ranges).quantized_model)


VARIANTS: dict[str, Callable[[bytes, np.ndarray], bytes]] = {
    "float32": keep,
    "float16": to_float16,
    "dynamic_range": to_dynamic_range,
    "int8": to_int8,
}
