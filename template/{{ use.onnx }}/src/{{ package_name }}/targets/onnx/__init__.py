"""ONNX: one file that ONNX Runtime computes with, on every system and without the framework.

`export.py` needs the training framework; `precision.py`, `runtime.py` and `server.py` do not.
"""

from ..limits import Limits

ENGINE = "ONNX Runtime"
PACKAGE = "onnxruntime"
LIMITS = {
    "float32": Limits(1e-5, 1.0),
    "float16": Limits(5e-3, 0.99),
    "int8": Limits(1.0, 0.95, 0.02),
}
