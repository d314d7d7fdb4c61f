"""From config.toml to a server: config -> data -> train -> run -> export -> verify -> serve."""

import os

# cuBLAS reads this when it starts; without it, its sums may differ from one run to the next.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
# PyTorch's C++ warns of what `distributed.py` asks for on purpose; its errors still come through.
os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
