"""From config.toml to a server: config -> data -> train -> run -> export -> verify -> serve."""

import os

# TensorFlow reads these when it is imported: no chatter, and sums in the same order everywhere.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
