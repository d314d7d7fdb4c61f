"""PyTorch to TFLite files, one for each precision, through LiteRT's converter and quantizer."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ... import scaled
from ...capture import capture
from ...errors import UserError
from ...export import calibration
from ...inference import examples, load_module
from ...runs import Run
from ...signature import Batch
from .. import Exported
from . import LIMITS
from .artifact import finish


def export(run: Run, folder: Path, precision: str) -> Exported:
    """Write `float32.tflite` and the others: all precisions together, whichever is asked for.

    Raises UserError on systems for which there is no converter.
    """
    if importlib.util.find_spec("litert_torch") is None:
        raise UserError(
            "litert-torch, which converts to TFLite, has packages for Linux on x86-64 and for macOS"
            " only; export there, and copy artifacts/tflite: the files run everywhere"
        )
    sources = {False: (convert(run), list(calibration(run)))}
    if any(map(scaled.is_outside, LIMITS)):
        rows = list(scaled.before(sources[False][1], run.card()["facts"]))
        sources[True] = convert(run, scaled_outside=True), rows
    with capture():
        models = {name: VARIANTS[name](*sources[scaled.is_outside(name)]) for name in LIMITS}
    return finish(run, folder, models)


class Named(nn.Module):
    """The served module with inputs and outputs by name: the converter gives a file these names."""

    def __init__(self, module: nn.Module, outputs: list[str]) -> None:
        super().__init__()
        self.module, self.outputs = module, outputs

    def forward(self, **inputs: Tensor) -> dict[str, Tensor]:
        """Compute the outputs; inputs come in the signature's order."""
        return dict(zip(self.outputs, self.module(*inputs.values()), strict=True))


def convert(run: Run, scaled_outside: bool = False) -> bytes:
    """Convert the trained model, float32, for one row at a time.

    With a fixed batch the graph needs no arithmetic with shapes, and every delegate can take it.
    """
    signature = run.signature()
    served = load_module(run, True) if scaled_outside else load_module(run)
    module = Named(served, [tensor.name for tensor in signature.outputs]).eval()
    # litert-torch knows constants by their address, and copies those that are not contiguous: of
    # copies, one layer may get another's (github.com/google-ai-edge/litert-torch/issues/1061).
    module = module.to(memory_format=torch.contiguous_format)
    names = [tensor.name for tensor in signature.inputs]
    inputs = dict(zip(names, examples(signature, rows=1), strict=True))
    with capture():
        import litert_torch  # takes seconds, and talks

        converted = litert_torch.convert(module, sample_kwargs=inputs)
        return bytes(converted.model_content())


LAYERS = ("CONV_2D", "CONV_2D_TRANSPOSE", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")


def keep(model: bytes, rows: list[Batch]) -> bytes:
    """Leave everything in float32."""
    return model


def to_float16(model: bytes, rows: list[Batch]) -> bytes:
    """Store the weights of layers in float16; compute in float32, or in float16 on a GPU."""
    from ai_edge_quantizer import recipe_manager
    from ai_edge_quantizer.algorithm_manager import AlgorithmName
    from ai_edge_quantizer.qtyping import TFLOperationName

    recipe = recipe_manager.RecipeManager()
    for layer in (*LAYERS, "EMBEDDING_LOOKUP"):
        recipe.add_weight_only_config(
            ".*", TFLOperationName(layer), 16, algorithm_key=AlgorithmName.FLOAT_CASTING
        )
    return quantize(model, recipe.get_quantization_recipe())


def to_dynamic_range(model: bytes, rows: list[Batch]) -> bytes:
    """Store large weights in int8, and find the ranges of what flows between layers on the way."""
    from ai_edge_quantizer import recipe

    return quantize(model, recipe.dynamic_legacy_wi8_afp32())


def to_int8(model: bytes, rows: list[Batch]) -> bytes:
    """Compute in int8 from input to output, with the ranges that training inputs have.

    Inputs and outputs of other types than float32 stay what they are.
    """
    from ai_edge_quantizer import recipe, recipe_manager
    from ai_edge_quantizer.qtyping import TFLOperationName

    manager = recipe_manager.RecipeManager()
    manager.load_quantization_recipe(recipe.static_wi8_ai8())
    # Tables of embeddings are left out there; what is looked up in them is quantised on the way.
    manager.add_dynamic_config(".*", TFLOperationName.EMBEDDING_LOOKUP, 8)
    return quantize(model, manager.get_quantization_recipe(), rows)


def quantize(model: bytes, recipe: Any, rows: list[Batch] | None = None) -> bytes:
    """Quantise a float32 model by a recipe; a static one needs inputs to calibrate with."""
    from ai_edge_quantizer import calibrator, quantizer, recipe_manager
    from ai_edge_quantizer.utils.qsv_utils import min_max_update

    ranges = None
    if rows is not None:
        # Left to itself, the quantizer takes a moving average, which forgets all but the last rows.
        watcher = calibrator.Calibrator(model, num_threads=1, qsv_update_func=min_max_update)
        manager = recipe_manager.RecipeManager()
        manager.load_quantization_recipe(recipe)
        watcher.calibrate({"serving_default": rows}, manager)
        ranges = watcher.get_model_qsvs()
    return bytes(quantizer.Quantizer(model, recipe).quantize(ranges).quantized_model)


VARIANTS: dict[str, Callable[[bytes, list[Batch]], bytes]] = {
    "float32": keep,
    "float16": to_float16,
    "dynamic_range": to_dynamic_range,
    "int8": to_int8,
}
