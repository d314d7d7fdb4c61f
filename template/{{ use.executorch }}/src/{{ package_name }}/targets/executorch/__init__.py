"""ExecuTorch: one file for phones and tablets, computed by XNNPACK on their processors.

`export.py` needs the training code, `runtime.py` and `server.py` do not. ExecuTorch's engine for
Python takes and gives PyTorch's tensors, so PyTorch is loaded here all the same; on a phone it
is not.
"""

from .. import FLOAT32

ENGINE = "ExecuTorch"
PACKAGE = "executorch"
LIMITS = {"float32": FLOAT32}
