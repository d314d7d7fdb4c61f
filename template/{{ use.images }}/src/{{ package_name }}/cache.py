"""Pictures that are decoded once: their pixels in one file, and an index of what they were.

Both files only grow. `pixels.bin` has the rows one after the other, `index.jsonl` a line for each
picture that was read; what a kill cut short is dropped when the cache is opened again. A picture
whose file has changed is read again, and its newest line counts.
"""

import contextlib
import dataclasses
import hashlib
import json
import math
import multiprocessing
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import filelock
import numpy as np
from tqdm import tqdm

from .choices import available_cpus
from .errors import UserError
from .pictures import (
    Preparation,
    brightest,
    guess_white_level,
    is_deep,
    open_image,
    prepare,
    printable,
    share_cut_off,
)

VERSION = 2  # of the files, and of how pictures are prepared
BLOCK = 64  # pictures that are read by each process before they are written
WORTH_PROCESSES = 200  # pictures; a process takes as long to start as it takes to read some
MOST_PROCESSES = 8
MOST_NAMES = 10  # of files that are named in one line
CHECKED = 100  # rows of a cache that are held against their hashes when it is opened


@dataclass(frozen=True)
class Entry:
    """What is known about one picture: a line of the index."""

    file: str
    size: int
    """bytes of the file, which with the time tells whether it has changed"""
    time: int
    """of the file's last change, in ns"""
    row: int = -1
    """its place in pixels.bin; none where it could not be read"""
    error: str = ""
    sha256: str = ""
    """of its pixels"""
    low: int = 0
    high: int = 0
    """its darkest and its brightest value, as prepared"""
    deep: float = -1
    """its brightest value in its file's own units, where that has more than 8 bits"""
    white: float = 0
    """the white level with which it was prepared, where that counts"""
    cut_off: float = 0
    """share of its area that lies outside the middle that was kept"""


@dataclass(frozen=True)
class Rows:
    """All rows of a cache, read from the disk when they are asked for, and not kept."""

    file: Path
    shape: tuple[int, ...]
    """of a row: height, width, channels"""
    count: int

    @property
    def row_bytes(self) -> int:
        """Bytes of a row."""
        return math.prod(self.shape)

    def read(self, places: np.ndarray) -> np.ndarray:
        """Read some rows, by their places in the file, int64 [n]: uint8 [n, *shape].

        Raises UserError where the file has become shorter.
        """
        found = np.empty((len(places), *self.shape), np.uint8)
        with self.file.open("rb", buffering=0) as file:
            for row, place in zip(found, places.tolist(), strict=True):
                file.seek(place * self.row_bytes)
                if file.readinto(row) < self.row_bytes:
                    raise UserError(f"{self.file} has been shortened; begin again to read anew")
        return found


@dataclass(frozen=True)
class Pixels:
    """All pictures of a listing, prepared."""

    rows: Rows
    entries: list[Entry]
    """one for each file of the listing, in its order"""
    how: Preparation
    """how they were prepared, with the white level that was used"""


def read_pictures(root: Path, files: Sequence[str], how: Preparation, folder: Path) -> Pixels:
    """Read all pictures, from the cache in `folder` where they have not changed since.

    Where `how` has no white level, it is the one that holds the brightest of all pictures.
    """
    place = folder / cache_name(root, how)
    place.mkdir(parents=True, exist_ok=True)
    with lock(place):
        cache = Cache(place, how)
        stale = [file for file in files if not cache.knows(root, file)]
        tell_changes([file for file in stale if file in cache.entries])
        cache.read(root, stale, how)
        deep = [cache.entries[file].deep for file in files if cache.entries[file].deep >= 0]
        if deep and not how.white_level:
            how = replace(how, white_level=guess_white_level(deep))
        cache.read(root, [file for file in files if cache.needs_white(file, how)], how)
        return Pixels(cache.rows(), [cache.entries[file] for file in files], how)


def cache_name(root: Path, how: Preparation) -> str:
    """Name the cache of a folder of pictures: another size, or another colour, is another one."""
    about = [str(root.resolve()), VERSION, *dataclasses.astuple(how)[:4]]
    digest = hashlib.sha256(json.dumps(about).encode()).hexdigest()
    return f"{how.width}x{how.height}x{how.channels}-{digest[:12]}"


@contextlib.contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Hold the cache for one process; a second one waits, and says so."""
    held = filelock.FileLock(folder / ".lock")
    try:
        held.acquire(timeout=0)
    except filelock.Timeout:
        print("waiting for another process that reads the same images", file=sys.stderr)
        held.acquire()
    try:
        yield
    finally:
        held.release()


class Cache:
    """The two files of a cache, opened to add to them."""

    def __init__(self, folder: Path, how: Preparation) -> None:
        self.pixels, self.index = folder / "pixels.bin", folder / "index.jsonl"
        self.shape = (how.height, how.width, how.channels)
        self.row_bytes = how.height * how.width * how.channels
        self.entries: dict[str, Entry] = {}
        self.pixels.touch()
        self.index.touch()
        self.recover()
        self.check()

    def recover(self) -> None:
        """Read the index, and drop what a kill or a full disk has left half written."""
        written = self.pixels.stat().st_size // self.row_bytes
        lines = self.index.read_text(encoding="utf-8").splitlines(keepends=True)
        good: list[str] = []
        for line in lines:
            try:
                entry = Entry(**json.loads(line))
            except (ValueError, TypeError):
                break
            if not line.endswith("\n") or entry.row >= written:
                break
            good.append(line)
            self.entries[entry.file] = entry
        self.count = max((entry.row + 1 for entry in self.entries.values()), default=0)
        # A new line goes behind the last whole one, and a new row behind the last known one.
        cut(self.index, sum(len(line.encode()) for line in good))
        cut(self.pixels, self.count * self.row_bytes)

    def check(self) -> None:
        """Begin anew where rows are not those that were written, by a sample over all of them."""
        known = [entry for entry in self.entries.values() if entry.sha256]
        rows = self.rows()
        for entry in known[:: max(len(known) // CHECKED, 1)]:
            row = rows.read(np.array([entry.row])).tobytes()
            if hashlib.sha256(row).hexdigest() != entry.sha256:
                print("warning: the cache of images is damaged; all are read anew", file=sys.stderr)
                self.entries.clear()
                self.count = 0
                cut(self.index, 0)
                cut(self.pixels, 0)
                return

    def knows(self, root: Path, file: str) -> bool:
        """Whether a picture is here as its file is today."""
        known = self.entries.get(file)
        return known is not None and (known.size, known.time) == stamp(root / file)

    def needs_white(self, file: str, how: Preparation) -> bool:
        """Whether a picture of more than 8 bits was prepared with another white level, or none."""
        entry = self.entries[file]
        return entry.deep >= 0 and entry.white != how.white_level

    def read(self, root: Path, files: Sequence[str], how: Preparation) -> None:
        """Read pictures and add them."""
        if not files:
            return
        check_disk(self.pixels.parent, len(files) * self.row_bytes)
        bar = tqdm(
            total=len(files), desc="reading images", unit="", disable=not sys.stderr.isatty()
        )
        with bar, self.pixels.open("ab") as pixels, self.index.open("a", encoding="utf-8") as index:
            for block in in_processes(partial(read_file, root, how), files):
                try:
                    for entry, row in block:
                        if row:
                            pixels.write(row)
                            entry, self.count = replace(entry, row=self.count), self.count + 1
                        self.entries[entry.file] = entry
                    # First the pixels, then the lines that tell of them.
                    pixels.flush()
                    os.fsync(pixels.fileno())
                    for entry, _ in block:
                        line = json.dumps(dataclasses.asdict(self.entries[entry.file]))
                        index.write(f"{line}\n")
                    index.flush()
                except OSError as error:  # a full disk does not say what it has no room for
                    error.filename = str(self.pixels)
                    raise
                bar.update(len(block))

    def rows(self) -> Rows:
        """Return the rows that are there now; what is added later changes none of them."""
        return Rows(self.pixels, self.shape, self.count)


def cut(file: Path, size: int) -> None:
    """Shorten a file; one that needs no cut, and that another process may read, stays alone."""
    if file.stat().st_size > size:
        os.truncate(file, size)


def read_file(root: Path, how: Preparation, file: str) -> tuple[Entry, bytes]:
    """Read one picture; its pixels are empty where it has none, or where white is in question."""
    size, time = stamp(root / file)
    entry = Entry(file, size, time)
    try:
        image = open_image(root / file)
        entry = replace(entry, cut_off=round(share_cut_off(image.size, how), 4))
        if is_deep(image):
            entry = replace(entry, deep=brightest(image), white=how.white_level)
            if not how.white_level:
                return entry, b""
        pixels = prepare(image, how)
    except (UserError, ValueError) as error:
        return replace(entry, error=str(error)), b""
    row, low, high = pixels.tobytes(), int(pixels.min()), int(pixels.max())
    return replace(entry, sha256=hashlib.sha256(row).hexdigest(), low=low, high=high), row


def in_processes(
    read: Callable[[str], tuple[Entry, bytes]], files: Sequence[str]
) -> Iterator[list[tuple[Entry, bytes]]]:
    """Read files a block at a time, in several processes where there are many files."""
    processes = min(available_cpus(), MOST_PROCESSES) if len(files) >= WORTH_PROCESSES else 1
    step = BLOCK * processes
    blocks = [files[first : first + step] for first in range(0, len(files), step)]
    if processes == 1:
        yield from ([read(file) for file in block] for block in blocks)
        return
    # `spawn`: a process that is forked beside the threads of a framework may hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, follow_parent) as pool:
        for block in blocks:
            yield list(pool.map(read, block, chunksize=8))


def follow_parent() -> None:
    """Let this process end when its parent does, even by SIGKILL, and not by Ctrl-C before it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # which every process of a terminal gets
    parent = multiprocessing.parent_process()

    def wait() -> None:
        if parent:
            parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def stamp(file: Path) -> tuple[int, int]:
    """Return size and time of change of a file; (-1, 0) where there is none, as behind a link."""
    try:
        about = file.stat()
    except OSError:
        return -1, 0
    return about.st_size, about.st_mtime_ns


def check_disk(folder: Path, needed: int) -> None:
    """Raise UserError where the pixels would not fit on the disk."""
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise UserError(
            f"{folder} needs {needed / 2**20:,.0f} MiB for the images and has {free / 2**20:,.0f};"
            " name another folder with --cache, or choose a smaller --image-size"
        )


def tell_changes(files: Sequence[str]) -> None:
    """Name the files that are read again because they have changed."""
    if files:
        names = ", ".join(map(printable, files[:MOST_NAMES]))
        more = f" and {len(files) - MOST_NAMES} more" if len(files) > MOST_NAMES else ""
        print(f"changed since they were read: {names}{more}", file=sys.stderr)
