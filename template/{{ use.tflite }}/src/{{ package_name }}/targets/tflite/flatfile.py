"""A `.tflite` file: a FlatBuffer with the network.

A task may add metadata to it, and a ZIP archive behind it, whose files the metadata name. This is
the form that MediaPipe and Android Studio read. LiteRT itself looks at the network only.
"""

import importlib.util
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


def pack(model: bytes, metadata: bytes, files: Mapping[str, str]) -> bytes:
    """Put the weights of a network where the schema wants them; add metadata and files, if any."""
    table = schema.ModelT.InitFromPackedBuf(bytearray(model))
    buffers = table.buffers
    if metadata:
        entry = schema.MetadataT(METADATA, len(buffers))
        table.metadata = [*(table.metadata or []), entry]
        buffers = [*buffers, schema.BufferT(np.frombuffer(metadata, np.uint8))]
    table.buffers = [AlignedBuffer(contents(each, model)) for each in buffers]
    builder = flatbuffers.Builder(len(model))
    builder.Finish(table.Pack(builder), file_identifier=IDENTIFIER)
    if not files:
        return bytes(builder.Output())
    whole = io.BytesIO(builder.Output())
    with zipfile.ZipFile(whole, "a") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)  # ZipInfo's date is always the same
    return whole.getvalue()


def contents(buffer: schema.BufferT, model: bytes) -> np.ndarray | None:
    """Return a buffer's bytes; those of large networks may lie behind the FlatBuffer."""
    if buffer.data is None and buffer.offset > 1:  # 1 stands for none, as the schema says
        return np.frombuffer(model, np.uint8, buffer.size, buffer.offset)
    found: np.ndarray | None = buffer.data
    return found


def unpack(content: bytes) -> tuple[bytes, dict[str, str]]:
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


def task_metadata() -> Any:
    """Import `metadata.py`, in which a task describes its files; None where it has none."""
    name = f"{__package__}.metadata"
    return importlib.import_module(name) if importlib.util.find_spec(name) else None


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
