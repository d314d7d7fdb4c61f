"""The head of a language model's card for the Hugging Face Hub.

Source: https://huggingface.co/docs/hub/model-cards.
"""

from pathlib import Path
from typing import Any

from ...push import card_text
from ...runs import Run
from ...storage import write_atomic


def write_card(run: Run, folder: Path, adapter: bool) -> None:
    """Write README.md into a folder that may be uploaded."""
    facts: dict[str, Any] = run.card()["facts"]
    head: dict[str, Any] = {
        "library_name": "peft" if adapter else "transformers",
        "pipeline_tag": "text-generation",
    }
    # A base is named as the Hub does; the folder of somebody's computer means nothing to others.
    if facts["revision"]:
        head |= {"base_model": facts["base_name"]}
        head |= {"base_model_relation": "adapter" if adapter else "finetune"}
    write_atomic(folder / "README.md", card_text(run, head).encode())
