"""ONNX: one file that ONNX Runtime computes with, on every system and without the framework.

`export.py` needs the training framework; `precision.py`, `runtime.py` and `server.py` do not.
"""

from .. import FLOAT16, FLOAT32, INT8

ENGINE = "ONNX Runtime"
PACKAGE = "onnxruntime"
LIMITS = {"float32": FLOAT32, "float16": FLOAT16, "int8": INT8}
