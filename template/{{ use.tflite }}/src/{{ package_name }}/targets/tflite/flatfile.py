"""A `.tflite` file: a FlatBuffer with the network, with metadata in it and a ZIP archive behind it.

This is the form that MediaPipe and Android Studio read: the metadata name the files of the archive,
such as the labels. LiteRT itself looks at the network only.
"""

import io
import zipfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from .tables import View

IDENTIFIER = b"TFL3"
METADATA = "TFLITE_METADATA"
ALIGNMENT = 16  # bytes; the schema asks for it, so that weights can be used where the file lies


class AlignedBuffer(schema.BufferT):  # type: ignore[misc]
    """An array of weights, put where the schema wants it: the generated code does not do that."""

    def Pack(self, builder: Any) -> int:
        """Write the array."""
        if self.data is not None:
            builder.Prep(ALIGNMENT, len(self.data))
        return int(super().Pack(builder))


def dress(
    model: bytes, source: str, answer: str, metadata: bytes, files: Mapping[str, str]
) -> bytes:
    """Name the one input and the one output of a network, and put in metadata and files."""
    table = schema.ModelT.InitFromPackedBuf(bytearray(model))
    (signature,) = table.signatureDefs
    (given,), (taken,) = signature.inputs, signature.outputs
    given.name, taken.name = source, answer
    entry = schema.MetadataT(METADATA, len(table.buffers))
    table.metadata = [*(table.metadata or []), entry]
    buffers = [*table.buffers, schema.BufferT(np.frombuffer(metadata, np.uint8))]
    table.buffers = [AlignedBuffer(each.data, each.offset, each.size) for each in buffers]
    builder = flatbuffers.Builder(len(model))
    builder.Finish(table.Pack(builder), file_identifier=IDENTIFIER)
    whole = io.BytesIO(builder.Output())
    with zipfile.ZipFile(whole, "a") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)  # ZipInfo's date is always the same
    return whole.getvalue()


def undress(content: bytes) -> tuple[bytes, dict[str, str]]:
    """Return a file's metadata and the files in its archive; both empty where there are none."""
    model = View(content)
    metadata = b""
    for entry in model.tables(6):
        if entry.text(0) == METADATA:
            metadata = model.tables(4)[entry.uint32(1)].array(0, np.uint8).tobytes()
    files: dict[str, str] = {}
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = {name: archive.read(name).decode() for name in archive.namelist()}
    return metadata, files


def count_operators(model: bytes) -> dict[str, int]:
    """Count the operators of a network by name, such as CONV_2D: what a delegate has to know."""
    names = {
        number: name
        for name, number in vars(schema.BuiltinOperator).items()
        if isinstance(number, int)
    }
    table = schema.ModelT.InitFromPackedBuf(bytearray(model))
    codes = [max(each.builtinCode, each.deprecatedBuiltinCode) for each in table.operatorCodes]
    used = Counter(
        names[codes[operator.opcodeIndex]]
        for graph in table.subgraphs
        for operator in graph.operators
    )
    return dict(sorted(used.items()))


def is_tflite(file: Path) -> bool:
    """Say whether a file begins as a `.tflite` file does."""
    with file.open("rb") as opened:
        return opened.read(8)[4:] == IDENTIFIER
