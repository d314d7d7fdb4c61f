"""The rendered project's server over a network of wide dense layers, computed by NumPy.

python wide.py PORT MILLISECONDS

Of each layer's 16 million weights, one row needs all and 16 rows together need no more: what
dynamic batching is for.
"""

import sys
from itertools import pairwise

import numpy as np
from rendered.manifest import Manifest
from rendered.serving.app import serve_predict
from rendered.settings import ServeSettings
from rendered.signature import Batch, Signature, Tensor

INPUTS, WIDTH, OUTPUTS = 64, 4096, 10
SIGNATURE = Signature(
    (Tensor("x", "float32", (INPUTS,), "numbers"),),
    (Tensor("y", "float32", (OUTPUTS,), "values"),),
)
MANIFEST = Manifest(
    target="numpy",
    model="wide",
    run="none",
    weights_sha256="",
    engine="NumPy",
    engine_version=np.__version__,
    signature=SIGNATURE,
    facts={},
    precision="float32",
    models={},
    details={},
    files={},
    packages={},
    verification={},
)


def main() -> None:
    """Serve until a signal."""
    port, milliseconds = int(sys.argv[1]), float(sys.argv[2])
    rng = np.random.default_rng(0)
    sizes = [INPUTS, WIDTH, WIDTH, WIDTH, OUTPUTS]
    layers = [
        rng.normal(0, size**-0.5, (size, following)).astype(np.float32)
        for size, following in pairwise(sizes)
    ]

    def predict(batch: Batch) -> Batch:
        rows = batch["x"]
        for layer in layers:
            rows = np.tanh(rows @ layer)
        return {"y": rows}

    settings = ServeSettings(port=port, batch_wait_ms=milliseconds, max_batch=64)
    serve_predict(predict, MANIFEST, settings)


if __name__ == "__main__":
    main()
