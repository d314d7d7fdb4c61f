"""Which operators TensorFlow.js computes: read from the engine itself, so never out of date."""

import re
from collections.abc import Iterable
from pathlib import Path

from ...errors import UserError

# How the engine's own tables name the operators of TensorFlow that they translate.
ENTRY = re.compile(r"""["']?tfOpName["']?:\s*["'](\w+)["']""")


def known_operators(engine: Path) -> set[str]:
    """Collect the operators that the engine, a file of JavaScript, translates."""
    found = set(ENTRY.findall(engine.read_text(encoding="utf-8")))
    if "Placeholder" not in found:
        raise UserError(f"{engine} has no table of operators; run `npm install --prefix web` again")
    return found


def refuse_unknown(operators: Iterable[str], engine: Path) -> None:
    """Raise UserError when there are operators that TensorFlow.js does not have."""
    lacking = sorted(set(operators) - known_operators(engine))
    if lacking:
        raise UserError(
            f"TensorFlow.js has no operator {', '.join(lacking)}, which the network needs;"
            " replace the layer in model.py, for example an exact gelu by relu, or export to onnx"
        )
