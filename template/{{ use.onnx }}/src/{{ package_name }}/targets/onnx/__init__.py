"""ONNX: one file that ONNX Runtime computes with, on every system and without the framework.

`export.py` needs the training framework; `precision.py`, `runtime.py` and `server.py` do not.
"""

import os

from .. import FLOAT16, FLOAT32, INT8

# ONNX Runtime reads it when it is imported, and otherwise reports its use on some systems.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

ENGINE = "ONNX Runtime"
PACKAGE = "onnxruntime"
LIMITS = {"float32": FLOAT32, "float16": FLOAT16, "int8": INT8}
