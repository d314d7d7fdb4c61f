"""The network: a base, whole or with an adapter beside its frozen weights."""

import sys
import warnings
from typing import Any

import torch
from torch import nn

from . import bases
from .config import Config
from .errors import UserError

Facts = dict[str, Any]


def load_base(settings: Config, facts: Facts) -> nn.Module:
    """Load a base in float32: new weights for `tiny`, those of its folder otherwise."""
    from transformers import AutoConfig, AutoModelForCausalLM
    from transformers.utils import logging

    more = {"quantization_config": four_bits()} if settings.model.tuning == "qlora" else {}
    if facts["base"] == bases.TINY:
        table = dict(bases.config_of(facts))
        config = AutoConfig.for_model(table.pop("model_type"), **table)
        network: nn.Module = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
        return network
    bases.check(facts)
    folder = bases.folder(facts["base"], facts["revision"])
    if not sys.stderr.isatty():
        logging.disable_progress_bar()
    try:
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            folder,
            output_loading_info=True,
            dtype=torch.float32,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            **more,
        )
    except Exception as error:  # its readers raise errors of many kinds
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise UserError(f"the base {facts['base']} cannot be loaded: {reason[:200]}") from error
    found: nn.Module
    found, about = loaded
    if missing := about["missing_keys"]:
        raise UserError(f"the base {facts['base']} has no weights for {min(missing)}")
    return found


def four_bits() -> Any:
    """Say how a frozen base is kept in four bits; UserError where that cannot be had.

    Source: T. Dettmers et al. (2023), QLoRA, arXiv:2305.14314.
    """
    import importlib.util

    if not torch.cuda.is_available() or importlib.util.find_spec("bitsandbytes") is None:
        raise UserError(
            "tuning = qlora needs an NVIDIA GPU and the package bitsandbytes (`uv add"
            " bitsandbytes`); lora needs neither"
        )
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )


def add_adapter(network: nn.Module, settings: Config) -> nn.Module:
    """Freeze a base, and put an adapter beside each of its linear layers.

    Sources: E. J. Hu et al. (2021), LoRA, arXiv:2106.09685; S.-Y. Liu et al. (2024), DoRA,
    arXiv:2402.09353.
    """
    from peft import LoraConfig, get_peft_model

    model = settings.model
    adapter = LoraConfig(
        r=model.rank,
        lora_alpha=model.alpha,  # type: ignore[arg-type]  # fractions are fine, too
        lora_dropout=model.dropout,
        target_modules="all-linear",
        use_dora=model.tuning == "dora",
        task_type="CAUSAL_LM",
    )
    with warnings.catch_warnings():
        # PEFT 0.21 asks Transformers by a name that it has given up.
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing`", FutureWarning)
        return get_peft_model(network, adapter)


def is_adapter(network: nn.Module) -> bool:
    """Say whether a network is a frozen base with an adapter."""
    return hasattr(network, "peft_config")
