"""TensorFlow Serving: a SavedModel, loaded by the C++ code that TensorFlow Serving loads it with.

- `c_api.py`      that C++ code, reached through its C functions, without Python's TensorFlow.
- `messages.py`   the protobuf messages that travel and that describe a model.
- `served.py`     what the server answers, whichever way it was asked.
- `rest.py`, `rest_json.py`, `rpc.py`   the two ways: REST with JSON, and gRPC.
- `container.py`  the official image, where a container engine runs.
"""

from ..limits import Limits

ENGINE = "TensorFlow's C++ loader"
PACKAGE = "tensorflow"
LIMITS = {"float32": Limits(1e-5, 1.0)}

SIGNATURE = "serving_default"
VERSION = 1
