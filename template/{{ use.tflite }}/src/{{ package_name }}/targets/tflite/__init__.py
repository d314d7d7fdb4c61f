"""TFLite: files that LiteRT computes with on phones and small computers, in several precisions.

`export.py` needs the training framework, the other files do not.
"""

from .. import FLOAT16, FLOAT32, INT8

ENGINE = "LiteRT"
PACKAGE = "ai-edge-litert"

# Every precision here is exported and must keep to its limits; take one out to do without it.
LIMITS = {"float32": FLOAT32, "float16": FLOAT16, "dynamic_range": INT8, "int8": INT8}
