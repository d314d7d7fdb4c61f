"""TFLite: files that LiteRT computes with on phones and small computers, in several precisions.

`export.py` needs the training framework, the other rooms do not.
"""

from ..limits import Limits

ENGINE = "LiteRT"
PACKAGE = "ai-edge-litert"

# Every precision here is exported and must keep to its limits; take one out to do without it.
LIMITS = {
    "float32": Limits(1e-5, 1.0),
    "float16": Limits(5e-3, 0.98),
    "dynamic_range": Limits(1.0, 0.95, 0.02),
    "int8": Limits(1.0, 0.95, 0.02),
}
