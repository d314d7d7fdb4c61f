"""The C files of the artifact, filled in from the templates in the folder `c/`.

Their names come from the package's name alone. Texts of users, such as the names of classes, only
ever stand inside C strings.
"""

import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from ...signature import Batch, Signature, Tensor
from .tensors import ModelTensors, TensorDetails

TEMPLATES = Path(__file__).parent / "c"
PER_LINE = 12
PLAIN = set(string.ascii_letters + string.digits + " _-+.,:;()[]{}<>=*/!#$%&'@^|~")
C_TYPES = {"int8": "std::int8_t", "int32": "std::int32_t", "bool": "bool"}

# Operators whose method of MicroMutableOpResolver is not simply made of the words of their name.
METHODS = {
    "BATCH_MATMUL": "AddBatchMatMul",
    "CUMSUM": "AddCumSum",
    "PADV2": "AddPadV2",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "AddUnidirectionalSequenceLSTM",
}


@dataclass(frozen=True)
class Example:
    """One row of inputs and the outputs for it, in the types that the model's file has."""

    inputs: Batch
    outputs: Batch


def stem() -> str:
    """Return what the files' names and the names in C begin with: the package's name."""
    name = __name__.split(".", 1)[0]
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "model"


def write_files(
    folder: Path,
    model: bytes,
    signature: Signature,
    tensors: ModelTensors,
    example: Example,
    details: Mapping[str, Any],
) -> None:
    """Write the model, an example, and what a firmware must know about them."""
    adding = "  if (resolver.{}() != kTfLiteOk) return false;\n"
    values: dict[str, object] = {
        "stem": stem(),
        "STEM": stem().upper(),
        "model": lines([f"0x{byte:02x}" for byte in model]),
        "example_inputs": arrays("kInput", tensors.inputs, example.inputs),
        "example_outputs": arrays("kOutput", tensors.outputs, example.outputs),
        "arena": details["arena_bytes"],
        "smallest": details["arena_smallest_bytes"],
        "inputs": descriptions("kInput", tensors.inputs, signature.inputs),
        "outputs": descriptions("kOutput", tensors.outputs, signature.outputs),
        "operators": len(details["operators"]),
        "adding": "".join(adding.format(method(one)) for one in details["operators"]),
    }
    for template in sorted(TEMPLATES.iterdir()):
        text = string.Template(template.read_text(encoding="ascii")).substitute(values)
        (folder / f"{stem()}_{template.name}").write_text(text, encoding="ascii", newline="\n")


def arrays(name: str, tensors: Sequence[TensorDetails], row: Batch) -> str:
    """Write an array for each tensor, such as kInput0, and one of them all, such as kInputs."""
    text = ""
    for place, tensor in enumerate(tensors):
        values = row[tensor.name].ravel().tolist()
        numbers = [str(value).lower() for value in values]  # true and false have no capitals in C
        text += f"constexpr {C_TYPES[tensor.dtype]} {name}{place}[] = {{\n{lines(numbers)}}};\n"
    every = ", ".join(f"{name}{place}" for place in range(len(tensors)))
    return f"{text}constexpr const void* {name}s[] = {{{every}}};\n"


def descriptions(name: str, tensors: Sequence[TensorDetails], promised: Sequence[Tensor]) -> str:
    """Write what `struct Tensor` in settings.h has, for each tensor, and the labels before that."""
    signature = {tensor.name: tensor for tensor in promised}
    labels, entries = "", ""
    for place, tensor in enumerate(tensors):
        known = signature[tensor.name].labels
        array = f"{name}{place}Labels" if known else "nullptr"
        if known:
            texts = "".join(f"    {quoted(label)},\n" for label in known)
            labels += f"constexpr const char* {array}[] = {{\n{texts}}};\n"
        fields = [
            quoted(tensor.name),
            str(int(np.prod(tensor.shape))),
            number(tensor.scale),
            str(tensor.zero_point),
            str(signature[tensor.name].content == "classes").lower(),
            array,
            str(tensor.shape[-1]),
        ]
        shape = ", ".join(map(str, tensor.shape))
        entries += f"    // {tensor.dtype} of the shape {shape}\n    {{{', '.join(fields)}}},\n"
    return f"{labels}constexpr Tensor {name}s[] = {{\n{entries}}};\n"


def operators(model: bytes) -> list[str]:
    """List the operators of a model, each once, by their names in TFLite's schema."""
    names = {
        number: name for name, number in vars(schema.BuiltinOperator).items() if name.isupper()
    }
    table = schema.ModelT.InitFromPackedBuf(model, 0)
    codes = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in table.operatorCodes]
    return sorted({names[code] for code in codes})


def method(operator: str) -> str:
    """Name the resolver's method for an operator: CONV_2D becomes AddConv2D."""
    words = "".join(part.capitalize() for part in operator.split("_"))
    return METHODS.get(operator, "Add" + words.replace("2d", "2D"))


def lines(values: Sequence[str]) -> str:
    """Lay the values of a C array out in lines."""
    starts = range(0, len(values), PER_LINE)
    return "".join(f"    {', '.join(values[at : at + PER_LINE])},\n" for at in starts)


def number(value: float) -> str:
    """Write a float32 so that C reads the very same one."""
    return f"{value:.8e}f"


def quoted(text: str) -> str:
    """Write a text as a C string; every byte that could mean something else is a number."""
    letters = (chr(b) if chr(b) in PLAIN else f"\\{b:03o}" for b in text.encode())
    return f'"{"".join(letters)}"'
