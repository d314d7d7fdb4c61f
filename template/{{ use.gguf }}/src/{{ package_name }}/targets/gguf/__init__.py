"""GGUF: one file that llama.cpp runs, on computers and phones, without the training framework.

- `export.py`      needs the framework, to put the model together
- `writing.py`     writes the file: `shapes.py` the network's shape, `tensors.py` its weights,
                   `vocabulary.py` its tokenizer
- `engine.py`      llama.cpp inside this process, from the package xllamacpp
- `runtime.py`     the model in that engine; `server.py` serves it
"""

from ...chat_model import CONTEXT_HELP
from .. import FLOAT16, FLOAT32, Limits

ENGINE = "llama.cpp"
PACKAGE = "xllamacpp"
LIMITS = {
    "float32": FLOAT32,
    "float16": FLOAT16,
    "q8_0": Limits(1.0, 0.1, 0.95, 0.02),
    "q4_0": Limits(1.0, 0.5, 0.8, 0.2),
}
OPTIONS = {"context": CONTEXT_HELP}
