"""The commands that a README or a page of the docs shows: the lines of its ```sh blocks."""

from __future__ import annotations

import re
from pathlib import Path

BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(page: Path) -> list[str]:
    """List a page's commands in their order, without comments at the ends of lines."""
    blocks = BLOCK.findall(page.read_text(encoding="utf-8"))
    lines = [re.sub(r"\s+#.*", "", line) for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.strip()]
