"""LiteRT.js: a `.tflite` model in a web page, computed with WebAssembly or WebGPU.

`export.py` needs the training framework, the page in `page/` and its runtime do not.
"""

from ..limits import Limits

ENGINE = "LiteRT.js"
PACKAGE = "npm:@litertjs/core"
LIMITS = {"float32": Limits(1e-5, 1.0)}
