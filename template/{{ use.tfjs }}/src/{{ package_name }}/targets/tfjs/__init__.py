"""TensorFlow.js: a graph model that computes in a web page, or in Node.

`export.py` needs TensorFlow, nothing else does. `weights.py` writes the numbers down,
`operators.py` knows what TensorFlow.js computes, `node.mjs` runs it without a browser, and
`page/engine.js` in one.
"""

from .. import FLOAT16, FLOAT32, INT8

ENGINE = "TensorFlow.js"
PACKAGE = "npm:@tensorflow/tfjs"
LIMITS = {"float32": FLOAT32, "float16": FLOAT16, "uint8": INT8}
