"""TFLite Micro: the network in 8-bit integers, as C arrays that a microcontroller computes with.

`export.py` converts and needs TensorFlow; nothing else does. `measure.py` says what a chip must
have: `arena.py` finds how much memory the model needs (with `trial.py`, in a process of its own).
`firmware.py` writes the C files. `runtime.py` computes with two engines, which must give the same
bytes: TFLite Micro itself (`engine.py` imports it), and LiteRT's reference kernels.
`quantised.py` goes from numbers to 8-bit integers and back.
"""

from .. import INT8

ENGINE = "TFLite Micro"
PACKAGE = "tflite-micro"
LIMITS = {"int8": INT8}
OPTIONS = {
    "flash": "refuse a model that needs more KiB of flash, its code not counted",
    "ram": "refuse a model whose arena needs more KiB of RAM, headroom included",
}
