"""Files that are either whole or absent, and the hashes that prove it."""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np


def write_atomic(path: Path, payload: bytes) -> None:
    """Write `payload` to `path` so that a kill at any moment leaves the old file or the new one.

    The bytes go to a temporary file in the same folder and reach the disk (fsync) before the
    rename; the folder is synced too, or the rename itself could be lost with the power.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(payload)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):  # a full disk does not say what it has no room for
            error.filename = str(path)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names inside `folder` durable; Windows does this by itself and cannot be asked."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256_file(path: Path) -> str:
    """Hash the bytes of a file, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_arrays(arrays: Mapping[str, np.ndarray]) -> str:
    """Hash names, types, shapes and values of arrays, whatever order they come in.

    Two files with the same weights may differ in their bytes; their arrays do not. So runs are
    compared by this hash.
    """
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def sha256_json(value: object) -> str:
    """Hash what JSON can hold, whatever order its keys come in."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
