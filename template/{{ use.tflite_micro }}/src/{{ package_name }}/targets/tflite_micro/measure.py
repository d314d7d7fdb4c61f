"""What a model asks of a chip: flash, RAM and operators; held against a budget."""

from pathlib import Path
from typing import Any

from ...errors import UserError
from ...signature import Signature
from . import ENGINE, arena, firmware
from .engine import require_engine
from .tensors import ModelTensors

KIB = 1024


def measure(
    file: Path, tensors: ModelTensors, signature: Signature, flash: int | None, ram: int | None
) -> dict[str, Any]:
    """Measure a model file; `flash` and `ram` are budgets in KiB.

    Returns the manifest's details. Raises UserError when a budget is too small.
    """
    size = file.stat().st_size
    hold_to_budget("flash", "for the model alone", size, flash)
    smallest = arena.smallest(file, tensors, signature)
    whole = arena.with_headroom(smallest)
    parts = f"an arena of {kib(smallest)} KiB and {arena.HEADROOM:.0%} of headroom"
    hold_to_budget("ram", f"for {parts}", whole, ram)
    return tensors.as_json() | {
        "operators": firmware.operators(file.read_bytes()),
        "flash_bytes": size,
        "flash_budget_kib": flash,
        "ram_bytes": whole,
        "ram_budget_kib": ram,
        "arena_bytes": whole,
        "arena_smallest_bytes": smallest,
        "arena_headroom": arena.HEADROOM,
        "counted": "flash: the model's array; RAM: the arena; the firmware's own code, data and"
        " stack come on top",
        "sources": f"{ENGINE} {require_engine().__version__}",
    }


def hold_to_budget(name: str, what: str, needed: int, budget: int | None) -> None:
    """Raise UserError when `needed` bytes are more than a budget of so many KiB."""
    if budget is not None and needed > budget * KIB:
        memory = {"flash": "flash", "ram": "RAM"}[name]
        raise UserError(
            f"the model needs {kib(needed)} KiB of {memory} ({what}), but --{name} allows {budget};"
            " train a smaller network (see [model] in config.toml), or raise the budget"
        )


def kib(size: int) -> str:
    """Write bytes in KiB, rounded up, so that no budget seems to be met that is not."""
    return f"{-(-size * 10 // KIB) / 10:.1f}"
