"""A run as folders that Transformers and PEFT load: all weights together, or the adapter."""

import json
from pathlib import Path
from typing import Any

import torch

from . import bases
from .capture import capture
from .errors import UserError
from .inference import load_module
from .network import is_adapter
from .runs import Run
from .storage import write_atomic


def write_merged(run: Run, folder: Path, precision: str = "float32") -> None:
    """Write the whole model, an adapter merged into its base, and its tokenizer.

    `precision` is what the weights are kept in, float32 or bfloat16.
    """
    network: Any = load_network(run)
    facts = run.card()["facts"]
    if is_adapter(network):
        network = network.merge_and_unload()
    options = network.generation_config
    options.eos_token_id = facts["stop"] if len(facts["stop"]) > 1 else facts["stop"][0]
    options.pad_token_id = facts["pad"]
    with capture():  # its progress bar
        network.to(getattr(torch, precision)).save_pretrained(folder)
    write_tokenizer(run, folder)
    without_paths(folder / "config.json", facts)


def write_adapter(run: Run, folder: Path) -> None:
    """Write the adapter alone; UserError where all weights were trained."""
    if not has_adapter(run):
        raise UserError(f"run {run.name} has no adapter: all of its weights were trained")
    network: Any = load_network(run)
    network.save_pretrained(folder)
    write_tokenizer(run, folder)
    (folder / "README.md").unlink(missing_ok=True)  # PEFT's empty form of a card
    without_paths(folder / "adapter_config.json", run.card()["facts"])


def has_adapter(run: Run) -> bool:
    """Say whether a run trained an adapter, not all weights."""
    return run.config.model.tuning != "full"


def load_network(run: Run) -> Any:
    """Load a run's network, on the CPU."""
    return load_module(run).network


def write_tokenizer(run: Run, folder: Path) -> None:
    """Write the tokenizer with the chat template that the run was trained with."""
    bases.tokenizer_of(run.card()["facts"]).save_pretrained(folder)


def without_paths(file: Path, facts: dict[str, Any]) -> None:
    """Name the base as the Hub does, or by its folder's name: never by a path of this computer."""
    table = json.loads(file.read_text(encoding="utf-8"))
    for key in ("_name_or_path", "base_model_name_or_path"):
        if key in table:
            table[key] = facts["base_name"]
    if "base_model_name_or_path" in table and facts["revision"]:
        table["revision"] = facts["revision"]
    write_atomic(file, json.dumps(table, indent=2).encode())
