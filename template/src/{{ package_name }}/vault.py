"""The checkpoints on disk: written whole, named by their hash, verified when read.

`step-00000400-0123456789abcdef.ckpt` holds the state after 400 steps; the hexadecimal digits are
the first 16 of its SHA-256, so a file says itself whether it is still what was written.
"""

import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path

from .errors import UserError
from .storage import write_atomic


def save(folder: Path, kind: str, step: int, payload: bytes, keep: int) -> None:
    """Write a checkpoint of a kind (`step` or `best`) and drop all but the last `keep` of it."""
    digest = hashlib.sha256(payload).hexdigest()[:16]
    write_atomic(folder / f"{kind}-{step:08d}-{digest}.ckpt", payload)
    for old in sorted(folder.glob(f"{kind}-*.ckpt"))[:-keep]:
        old.unlink()


def newest(folder: Path, kind: str = "step") -> bytes | None:
    """Read the newest checkpoint of a kind; None when there is none.

    Raises UserError when its bytes are not those that were written.
    """
    files = sorted(folder.glob(f"{kind}-*.ckpt"))
    if not files:
        return None
    payload = files[-1].read_bytes()
    if hashlib.sha256(payload).hexdigest()[:16] != files[-1].stem.split("-")[-1]:
        raise UserError(
            f"checkpoint {files[-1]} is damaged; delete it to go on from the one before it"
        )
    return payload


def check_context(now: Mapping[str, str], then: Mapping[str, str]) -> None:
    """Compare what a training depends on with what it was when the checkpoint was written.

    Other data are an error; another machine or library can change the last bits: a warning.
    """
    for name in now.keys() & then.keys():
        if now[name] == then[name]:
            continue
        if name == "data":
            raise UserError("the training data have changed since this run began; start a new one")
        print(
            f"warning: {name} was {then[name]!r} and is now {now[name]!r};"
            " the result may differ in its last bits from an uninterrupted run",
            file=sys.stderr,
        )
