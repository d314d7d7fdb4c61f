"""TFLite Micro: the network in 8-bit integers, as C arrays that a microcontroller computes with.

- `export.py`     converts; it alone needs TensorFlow.
- `tensors.py`    inputs and outputs of the converted model, and their quantisation.
- `runtime.py`    computes with two engines, which must give the same bytes: TFLite Micro itself
  (`engine.py` imports it), and LiteRT's reference kernels.
- `measure.py`    says what a chip must have; `arena.py` finds how much RAM the model needs, with
  `arena_worker.py` in a process of its own.
- `firmware.py`   writes the C files, from the templates in `c/`.
"""

from .. import INT8

ENGINE = "TFLite Micro"
PACKAGE = "tflite-micro"
LIMITS = {"int8": INT8}
OPTIONS = {
    "flash": "refuse a model that needs more KiB of flash, its code not counted",
    "ram": "refuse a model whose arena needs more KiB of RAM, headroom included",
}
