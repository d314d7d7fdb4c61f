"""ONNX: one file that ONNX Runtime computes with, on every system and without the framework.

`export.py` needs the training framework, `runtime.py` and the server do not.
`server.py` listens, `app.py` answers requests, `protocol.py` knows the messages.
"""

ENGINE = "ONNX Runtime"
PACKAGE = "onnxruntime"
TOLERANCE = 1e-5
AGREEMENT = 1.0
