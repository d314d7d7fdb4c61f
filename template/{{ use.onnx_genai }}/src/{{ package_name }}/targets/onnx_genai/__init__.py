"""ONNX for generation: a folder that ONNX Runtime genai runs, without the training framework.

`export.py` needs the framework; `runtime.py` and `server.py` do not.
"""

import os

from ...chat_model import CONTEXT_HELP
from .. import FLOAT32, Limits

# ONNX Runtime reads it when it is imported, and otherwise reports its use on some systems.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

ENGINE = "ONNX Runtime genai"
PACKAGE = "onnxruntime-genai"
LIMITS = {"float32": FLOAT32, "int4": Limits(1.0, 0.5, 0.8, 0.2)}
OPTIONS = {"context": CONTEXT_HELP}
