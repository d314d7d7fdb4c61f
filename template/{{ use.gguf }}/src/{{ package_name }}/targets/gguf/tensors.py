"""A network's weights as llama.cpp has them, read from a Transformers folder one at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType, quants
from safetensors import safe_open

from .shapes import Shape

TYPES = {
    "float32": GGMLQuantizationType.F32,
    "float16": GGMLQuantizationType.F16,
    "q8_0": GGMLQuantizationType.Q8_0,
    "q4_0": GGMLQuantizationType.Q4_0,
}
OUTPUT = "lm_head.weight"
FACTORS = "rope_freqs.weight"


@dataclass(frozen=True)
class Weight:
    """One tensor: its name in the file, and how to read it."""

    name: str
    shape: tuple[int, ...]
    kind: GGMLQuantizationType
    read: Callable[[], np.ndarray]


def weights(folder: Path, shape: Shape, precision: str) -> Iterator[Weight]:
    """Find the weights in a Transformers folder, in the order of its files."""
    names = gguf.get_tensor_name_map(shape.architecture, shape.layers)
    factors = shape.rotation_factors()
    if factors.size:
        yield Weight(FACTORS, factors.shape, TYPES["float32"], lambda: factors)
    for file in sorted(folder.glob("*.safetensors")):
        with safe_open(file, framework="numpy") as opened:
            found = {name: tuple(opened.get_slice(name).get_shape()) for name in opened.keys()}  # noqa: SIM118
        for name, size in found.items():
            if name == OUTPUT and shape.tied:
                continue
            written = names.get_name(name, try_suffixes=(".weight", ".bias"))
            if written is None:
                raise ValueError(f"{name} is no weight of {shape.kind}")
            kind = kind_of(size, precision)
            yield Weight(written, size, kind, reader(file, name, shape))


def kind_of(size: tuple[int, ...], precision: str) -> GGMLQuantizationType:
    """Choose how a tensor is stored: vectors stay float32, and odd lengths float16 at most."""
    if len(size) == 1:
        return TYPES["float32"]
    kind = TYPES[precision]
    block, _ = gguf.GGML_QUANT_SIZES[kind]
    return kind if size[-1] % block == 0 else TYPES["float16"]


def reader(file: Path, name: str, shape: Shape) -> Callable[[], np.ndarray]:
    """Make the function that reads one tensor in float32."""

    def read() -> np.ndarray:
        with safe_open(file, framework="numpy") as opened:
            array = np.asarray(opened.get_tensor(name), np.float32)
        heads = {"q_proj": shape.heads, "k_proj": shape.key_heads}.get(name.split(".")[-2], 0)
        return interleaved(array, heads) if shape.kind == "llama" and heads else array

    return read


def interleaved(array: np.ndarray, heads: int) -> np.ndarray:
    """Reorder rows [heads * width, columns]: llama.cpp rotates neighbours, Transformers halves.

    As `permute` of llama.cpp's convert_hf_to_gguf.py does it.
    """
    halves = array.reshape(heads, 2, -1, array.shape[1])
    return np.ascontiguousarray(halves.swapaxes(1, 2)).reshape(array.shape)


def add_weights(writer: gguf.GGUFWriter, found: list[Weight]) -> None:
    """Announce the weights in a file's head."""
    for weight in found:
        stored = quants.quant_shape_to_byte_shape(weight.shape, weight.kind)
        plain = {TYPES["float32"]: np.float32, TYPES["float16"]: np.float16}
        if weight.kind in plain:
            dtype = np.dtype(plain[weight.kind])
            size = int(np.prod(weight.shape)) * dtype.itemsize
            writer.add_tensor_info(weight.name, weight.shape, dtype, size)
        else:
            dtype, size = np.dtype(np.uint8), int(np.prod(stored))
            writer.add_tensor_info(weight.name, stored, dtype, size, raw_dtype=weight.kind)


def write_weights(writer: gguf.GGUFWriter, found: list[Weight]) -> None:
    """Write the weights behind a file's head, in the order in which they were announced."""
    for weight in found:
        writer.write_tensor_data(quants.quantize(weight.read(), weight.kind))
