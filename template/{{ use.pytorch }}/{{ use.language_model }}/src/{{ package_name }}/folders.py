"""Folders that Transformers and PEFT load, as functions: what the artifacts of some targets are."""

import warnings
from pathlib import Path
from typing import Any

import torch

from .errors import UserError
from .model import ServingModule
from .text_model import TextModel


def load_folder(folder: Path, facts: dict[str, Any], base: Path | None = None) -> TextModel:
    """Load a folder with a whole model, or with an adapter beside `base`, and its own tokenizer.

    Its weights are computed with in float32. Raises UserError when it does not load.
    """
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    known: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    logging.disable_progress_bar()
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, **known)
        network: Any = AutoModelForCausalLM.from_pretrained(
            base or folder, dtype=torch.float32, use_safetensors=True, **known
        )
        if base is not None:
            from peft import PeftModel

            with warnings.catch_warnings():  # as in network.py
                warnings.filterwarnings("ignore", "`is_gradient_checkpointing`", FutureWarning)
                network = PeftModel.from_pretrained(network, folder)
    except Exception as error:  # their readers raise errors of many kinds
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise UserError(f"{folder} is no model that Transformers can load: {reason}") from error
    return TextModel(ServingModule(network, facts).eval(), torch.device("cpu"), tokenizer)
