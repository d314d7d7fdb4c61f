"""From config.toml to a server: config -> data -> train -> run -> export -> verify -> serve."""

import os

# cuBLAS reads this when it starts; without it, its sums may differ from one run to the next.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
