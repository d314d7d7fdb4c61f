"""TorchServe: PyTorch's own model server, a Java program with Python workers.

`export.py` needs the training framework; `handler.py` is what a worker runs, inside the archive.
`process.py` starts and ends a server, `front.py` is its first process, `java.py` finds Java.
"""

from .. import FLOAT32

ENGINE = "TorchServe"
PACKAGE = "torchserve"
LIMITS = {"float32": FLOAT32}
