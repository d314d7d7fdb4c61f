"""TensorFlow Serving: a SavedModel, loaded by the C++ code that TensorFlow Serving loads it with.

- `c_api.py`      that C++ code, reached through its C functions, without Python's TensorFlow.
- `messages.py`   the protobuf messages that travel and that describe a model.
- `servable.py`   the model behind the server: what REST and gRPC answer alike.
- `rest.py`, `rest_json.py`   REST with JSON.
- `rpc.py`        gRPC.
- `container.py`  the official image, where a container engine runs.
"""

from .. import FLOAT32

ENGINE = "TensorFlow's C++ loader"
PACKAGE = "tensorflow"
LIMITS = {"float32": FLOAT32}

SIGNATURE = "serving_default"
VERSION = 1
