"""Files that are either whole or absent, and the hashes that prove it."""

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

WINDOWS = os.name == "nt"
WAITS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)  # seconds


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
        put_in_place(temporary, path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):  # a full disk does not say what it has no room for
            error.filename = str(path)
        raise
    sync_folder(path.parent)


def put_in_place(temporary: Path, path: Path) -> None:
    """Rename over `path`; Windows refuses that while another program, such as a scanner, reads it.

    Then some moments are waited for, and PermissionError is raised only after them.
    """
    for seconds in WAITS if WINDOWS else ():
        with contextlib.suppress(PermissionError):
            temporary.replace(path)
            return
        time.sleep(seconds)
    temporary.replace(path)


def sync_folder(folder: Path) -> None:
    """Make the names inside `folder` durable; Windows does this by itself and cannot be asked."""
    if WINDOWS:
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


def files_below(path: Path) -> list[Path]:
    """List all files in a folder and in those below it, sorted; a file is a list of itself."""
    if path.is_file():
        return [path]
    return sorted(file for file in path.rglob("*") if file.is_file())


def sha256_tree(path: Path) -> str:
    """Hash names and contents of all files below a folder, or the content of a file."""
    return sha256_json(
        [[file.relative_to(path).as_posix(), sha256_file(file)] for file in files_below(path)]
    )


def is_unchanged(
    path: Path, expected: str, measure: Callable[[Path], str], remembered: Path
) -> bool:
    """Say whether `measure`, a hash of files, still gives what is expected.

    They are read again only where a name, a size or a time of change is another one than in
    `remembered`, a file in which this function keeps them.
    """
    seen = [
        [file.relative_to(path).as_posix(), file.stat().st_size, file.stat().st_mtime_ns]
        for file in files_below(path)
    ]
    stamp = {"hash": expected, "stamp": sha256_json(seen)}
    with contextlib.suppress(OSError, ValueError):
        if json.loads(remembered.read_bytes()) == stamp:
            return True
    if measure(path) != expected:
        return False
    with contextlib.suppress(OSError):  # a folder that cannot be written: they are read each time
        remembered.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(remembered, json.dumps(stamp).encode())
    return True
