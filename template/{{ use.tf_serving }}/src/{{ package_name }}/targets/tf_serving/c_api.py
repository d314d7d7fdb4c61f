"""TensorFlow's C functions, called through ctypes: load a SavedModel into a session, and run it.

`TF_LoadSessionFromSavedModel` is the loader of TensorFlow Serving. What it needs from Python,
such as an operator that Python defines, is missing here as it would be there.
"""

import ctypes
import os
import sys
from collections.abc import Mapping, Sequence
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int, c_int64, c_size_t, c_void_p
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import UserError
from .messages import NAMES, TYPES, config_pb2, meta_graph_pb2, tensorflow_folder

TAG = b"serve"  # names the part of a SavedModel that is for servers


class LoaderError(Exception):
    """What TensorFlow refused: its own sentence, and its number for the kind of mistake."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class Buffer(ctypes.Structure):
    """TF_Buffer: bytes that TensorFlow owns."""

    _fields_ = (
        ("data", c_void_p),
        ("length", c_size_t),
        ("free", CFUNCTYPE(None, c_void_p, c_size_t)),
    )


class Output(ctypes.Structure):
    """TF_Output: one output of one operation."""

    _fields_ = (("operation", c_void_p), ("index", c_int))


# What each function returns and takes.
FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "TF_Version": (c_char_p, []),
    "TF_NewStatus": (c_void_p, []),
    "TF_DeleteStatus": (None, [c_void_p]),
    "TF_GetCode": (c_int, [c_void_p]),
    "TF_Message": (c_char_p, [c_void_p]),
    "TF_NewBuffer": (POINTER(Buffer), []),
    "TF_DeleteBuffer": (None, [POINTER(Buffer)]),
    "TF_NewGraph": (c_void_p, []),
    "TF_DeleteGraph": (None, [c_void_p]),
    "TF_GraphOperationByName": (c_void_p, [c_void_p, c_char_p]),
    "TF_NewSessionOptions": (c_void_p, []),
    "TF_DeleteSessionOptions": (None, [c_void_p]),
    "TF_SetConfig": (None, [c_void_p, c_char_p, c_size_t, c_void_p]),
    "TF_LoadSessionFromSavedModel": (
        c_void_p,
        [
            *(c_void_p, c_void_p, c_char_p, POINTER(c_char_p), c_int, c_void_p),
            *(POINTER(Buffer), c_void_p),
        ],
    ),
    "TF_CloseSession": (None, [c_void_p, c_void_p]),
    "TF_DeleteSession": (None, [c_void_p, c_void_p]),
    "TF_SessionRun": (
        None,
        [
            *(c_void_p, c_void_p, POINTER(Output), POINTER(c_void_p), c_int),
            *(POINTER(Output), POINTER(c_void_p), c_int, c_void_p, c_int, c_void_p, c_void_p),
        ],
    ),
    "TF_AllocateTensor": (c_void_p, [c_int, POINTER(c_int64), c_int, c_size_t]),
    "TF_DeleteTensor": (None, [c_void_p]),
    "TF_TensorType": (c_int, [c_void_p]),
    "TF_NumDims": (c_int, [c_void_p]),
    "TF_Dim": (c_int64, [c_void_p, c_int]),
    "TF_TensorData": (c_void_p, [c_void_p]),
    "TF_TensorByteSize": (c_size_t, [c_void_p]),
    "TF_StringInit": (None, [c_void_p]),
    "TF_StringCopy": (None, [c_void_p, c_char_p, c_size_t]),
    "TF_StringDealloc": (None, [c_void_p]),
}
STRING_BYTES = 24  # of TF_TString; a longer string lies elsewhere


@cache
def library() -> Any:
    """Open TensorFlow's C++ library, which the Python package brings; UserError when it is not."""
    folder = tensorflow_folder()
    # In this order: the first is what the second is linked to.
    files = [*folder.glob("libtensorflow_framework*"), *folder.glob("libtensorflow_cc*")]
    try:
        opened = [ctypes.CDLL(str(file)) for file in files]
        for name, (result, arguments) in FUNCTIONS.items():
            function = getattr(opened[-1], name)
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError, IndexError) as error:
        raise UserError(
            f"{folder} has no C++ library that can be loaded on {sys.platform}: {error};"
            " the official image has it (docs/targets/tf_serving.md)"
        ) from error
    return opened[-1]


def version() -> str:
    """Return the version of the C++ library itself."""
    return str(library().TF_Version().decode())


class Status:
    """Where a function leaves its error; raises it as LoaderError at the end of the block."""

    def __enter__(self) -> c_void_p:
        self.address = c_void_p(library().TF_NewStatus())
        return self.address

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        code = library().TF_GetCode(self.address)
        message = library().TF_Message(self.address).decode("utf-8", "replace")
        library().TF_DeleteStatus(self.address)
        if code and error is None:
            raise LoaderError(message, code)


class Session:
    """A SavedModel in memory, ready to run; `run` may be called from several threads."""

    def __init__(self, folder: Path) -> None:
        """Load the version folder of a SavedModel; raises LoaderError."""
        tf = library()
        # One thread for one request, and that is the caller's: the same sums in the same order,
        # and requests that come together share the cores instead of fighting for them.
        config = config_pb2.ConfigProto(
            intra_op_parallelism_threads=1,
            inter_op_parallelism_threads=-1,
            use_per_session_threads=True,
        ).SerializeToString()
        options, about = tf.TF_NewSessionOptions(), tf.TF_NewBuffer()
        self.graph = c_void_p(tf.TF_NewGraph())
        self.found: dict[str, Output] = {}
        try:
            with Status() as status:
                tf.TF_SetConfig(options, config, len(config), status)
            with Status() as status:
                self.session = c_void_p(
                    tf.TF_LoadSessionFromSavedModel(
                        options,
                        None,
                        os.fsencode(folder),
                        (c_char_p * 1)(TAG),
                        1,
                        self.graph,
                        about,
                        status,
                    )
                )
            text = ctypes.string_at(about.contents.data, about.contents.length)
        except LoaderError:
            tf.TF_DeleteGraph(self.graph)
            raise
        finally:
            tf.TF_DeleteSessionOptions(options)
            tf.TF_DeleteBuffer(about)
        self.meta_graph = meta_graph_pb2.MetaGraphDef.FromString(text)

    def close(self) -> None:
        """Give the memory back."""
        tf = library()
        with Status() as status:
            tf.TF_CloseSession(self.session, status)
        with Status() as status:
            tf.TF_DeleteSession(self.session, status)
        tf.TF_DeleteGraph(self.graph)

    def run(self, inputs: Mapping[str, np.ndarray], outputs: Sequence[str]) -> list[np.ndarray]:
        """Compute tensors of the graph from others; both by names such as `x:0`."""
        tf = library()
        fed = [to_tensor(array) for array in inputs.values()]
        got = (c_void_p * len(outputs))()
        try:
            sources = (Output * len(inputs))(*map(self.output, inputs))
            targets = (Output * len(outputs))(*map(self.output, outputs))
            values = (c_void_p * len(fed))(*fed)
            with Status() as status:
                tf.TF_SessionRun(
                    self.session,
                    None,
                    sources,
                    values,
                    len(fed),
                    targets,
                    got,
                    len(outputs),
                    None,
                    0,
                    None,
                    status,
                )
            return [from_tensor(c_void_p(address)) for address in got]
        finally:
            for address in [*fed, *filter(None, got)]:
                delete(address)

    def output(self, name: str) -> Output:
        """Find a tensor in the graph by its name; raises LoaderError."""
        if name not in self.found:
            operation, _, index = name.partition(":")
            address = library().TF_GraphOperationByName(self.graph, operation.encode())
            if not address:
                raise LoaderError(f"the graph has no operation {operation}", 5)
            self.found[name] = Output(address, int(index or 0))
        return self.found[name]


def to_tensor(array: np.ndarray) -> int:
    """Copy an array into a tensor of TensorFlow's, which `delete` gives back."""
    tf, array = library(), np.ascontiguousarray(array)
    dimensions = (c_int64 * array.ndim)(*array.shape)
    number = TYPES[array.dtype.name][0]
    size = STRING_BYTES * array.size if array.dtype == object else array.nbytes
    address: int = tf.TF_AllocateTensor(number, dimensions, array.ndim, size)
    data: int = tf.TF_TensorData(address)
    if array.dtype != object:
        ctypes.memmove(data, array.ctypes.data, array.nbytes)
        return address
    for place, text in enumerate(array.ravel().tolist()):
        tf.TF_StringInit(data + place * STRING_BYTES)
        tf.TF_StringCopy(data + place * STRING_BYTES, text, len(text))
    return address


def delete(address: int) -> None:
    """Give a tensor back, with what its strings hold elsewhere."""
    tf = library()
    if NAMES.get(tf.TF_TensorType(address)) == "object":
        data, size = tf.TF_TensorData(address), tf.TF_TensorByteSize(address)
        for place in range(0, size, STRING_BYTES):
            tf.TF_StringDealloc(data + place)
    tf.TF_DeleteTensor(address)


def from_tensor(address: c_void_p) -> np.ndarray:
    """Copy a tensor of TensorFlow's into an array; raises LoaderError for types without numbers."""
    tf = library()
    name = NAMES.get(tf.TF_TensorType(address))
    if name in (None, "object"):
        raise LoaderError("an output has a type that is no number", 12)
    shape = [tf.TF_Dim(address, axis) for axis in range(tf.TF_NumDims(address))]
    array = np.empty(shape, name)
    ctypes.memmove(array.ctypes.data, tf.TF_TensorData(address), tf.TF_TensorByteSize(address))
    return array
