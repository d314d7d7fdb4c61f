"""Safetensors: folders that Transformers and PEFT load, and what the Hugging Face Hub takes.

Transformers computes with PyTorch, so `runtime.py` loads the training framework here.
"""

from pathlib import Path

from .. import FLOAT32, Limits

ENGINE = "Transformers"
PACKAGE = "transformers"
# bfloat16 has three digits: answers differ in some tokens, so the whole is measured.
LIMITS = {"float32": FLOAT32, "bfloat16": Limits(1.0, 0.05, 0.9, 0.05)}


def pushed(folder: Path) -> Path:
    """Say what `push` uploads: the adapter where there is one, else the whole model."""
    adapter = folder / "adapter"
    return adapter if adapter.is_dir() else folder / "merged"
