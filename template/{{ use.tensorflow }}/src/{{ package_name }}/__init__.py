"""From config.toml to a server: config -> data -> train -> run -> export -> verify -> serve."""

import atexit
import gc
import os

# TensorFlow reads these when it is imported: no chatter, and sums in the same order everywhere.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

# At its end Python would search the objects of TensorFlow for garbage, hundreds of thousands, for
# a second; the system takes all of it back anyway.
atexit.register(gc.freeze)
