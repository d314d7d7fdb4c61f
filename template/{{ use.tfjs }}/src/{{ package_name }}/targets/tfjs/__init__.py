"""TensorFlow.js: a graph model that computes in a web page, or in Node.

`export.py` needs TensorFlow, nothing else does. `weights.py` writes the numbers down,
`operators.py` knows what TensorFlow.js computes, `node.mjs` runs it without a browser, and
`page/engine.js` in one.
"""

from ..limits import Limits

ENGINE = "TensorFlow.js"
PACKAGE = "npm:@tensorflow/tfjs"
LIMITS = {
    "float32": Limits(1e-5, 1.0),
    "float16": Limits(5e-3, 0.99),
    "uint8": Limits(1.0, 0.95, 0.02),
}
