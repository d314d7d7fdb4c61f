"""LiteRT.js: a `.tflite` model in a web page, computed with WebAssembly or WebGPU.

`export.py` needs the training framework, the page in `page/` and its runtime do not.
"""

from .. import FLOAT32

ENGINE = "LiteRT.js"
PACKAGE = "npm:@litertjs/core"
LIMITS = {"float32": FLOAT32}
