"""The C files of the artifact, filled in from the folder `c/`.

Their names come from the package's name alone. Texts of users, such as the names of classes, only
ever stand inside C strings.
"""

import math
import re
import string
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

FORMS = Path(__file__).parent / "c"
PER_LINE = 12
PLAIN = set(string.ascii_letters + string.digits + " _-+.,:;()[]{}<>=*/!#$%&'@^|~")

# Operators whose method of MicroMutableOpResolver is not simply made of the words of their name.
METHODS = {
    "BATCH_MATMUL": "AddBatchMatMul",
    "CUMSUM": "AddCumSum",
    "PADV2": "AddPadV2",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "AddUnidirectionalSequenceLSTM",
}


def stem() -> str:
    """Return what the files' names and the names in C begin with: the package's name."""
    name = __name__.split(".", 1)[0]
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "model"


def write_files(
    folder: Path,
    model: bytes,
    example: tuple[np.ndarray, np.ndarray],
    classes: Sequence[str],
    details: Mapping[str, Any],
) -> None:
    """Write the model, an input and its output (int8), and what a firmware must know about them."""
    image, answer = (list(map(str, side.ravel().tolist())) for side in example)
    adding = "  if (resolver.{}() != kTfLiteOk) return false;\n"
    source, target = details["input"], details["output"]
    values: dict[str, object] = {
        "stem": stem(),
        "STEM": stem().upper(),
        "model": lines([f"0x{byte:02x}" for byte in model]),
        "image": lines(image),
        "answer": lines(answer),
        "arena": details["arena_bytes"],
        "smallest": details["arena_smallest_bytes"],
        "shape": ", ".join(map(str, source["shape"])),
        "size": math.prod(source["shape"]),
        "input_scale": number(source["scale"]),
        "input_zero_point": source["zero_point"],
        "output_scale": number(target["scale"]),
        "output_zero_point": target["zero_point"],
        "classes": len(classes),
        "labels": "".join(f"    {quoted(label)},\n" for label in classes),
        "operators": len(details["operators"]),
        "adding": "".join(adding.format(method(one)) for one in details["operators"]),
    }
    for form in sorted(FORMS.iterdir()):
        text = string.Template(form.read_text(encoding="ascii")).substitute(values)
        (folder / f"{stem()}_{form.name}").write_text(text, encoding="ascii", newline="\n")


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
