"""Archives from others, unpacked so that nothing gets out of the folder or fills the disk."""

import lzma
import re
import stat
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Literal

from tqdm import tqdm

from .errors import UserError

Kind = Literal["file", "folder", "other"]
ENDING = re.compile(r"\.(zip|tar|tgz|tbz2?|txz|tar\.\w+)$", re.IGNORECASE)
PIECE = 2**20  # bytes
MOST_ENTRIES = 5_000_000
MOST_TIMES = 100  # as many bytes as the archive has itself, beyond
ALWAYS = 2**30  # bytes, which are allowed to small ones too
BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    RuntimeError,  # it is encrypted, or packed by a method that is not known
    ValueError,
)


@dataclass(frozen=True)
class Entry:
    """One entry of an archive."""

    name: str
    kind: Kind
    open: Callable[[], IO[bytes] | None]


def is_archive(file: Path) -> bool:
    """Whether a file is an archive, by its name."""
    return ENDING.search(file.name) is not None


def stem(file: Path) -> str:
    """Return the name of an archive without its ending."""
    return ENDING.sub("", file.name) or "archive"


def unpack(file: Path, folder: Path) -> None:
    """Unpack a zip or a tar into a new folder.

    Raises UserError for an archive that is broken, that has links or names which lead out of it, or
    far more bytes than an archive of its size should.
    """
    folder.mkdir()
    left = max(ALWAYS, MOST_TIMES * file.stat().st_size)
    bar = tqdm(entries(file), desc="unpacking", unit="", disable=not sys.stderr.isatty())
    try:
        for count, entry in enumerate(bar):
            if count >= MOST_ENTRIES:
                raise UserError(f"{file.name} has more than {MOST_ENTRIES:,} entries")
            target = place(entry.name, folder)
            if entry.kind == "other":
                raise UserError(f"{file.name} has a link or a device, {entry.name}: not unpacked")
            if is_clutter(target):
                continue
            if entry.kind == "folder":
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            left = copy(entry, target, left)
            if left < 0:
                raise UserError(f"{file.name} unpacks to far too many bytes; is it a bomb?")
    except BROKEN as error:
        raise UserError(f"{file.name} cannot be unpacked: {error}") from error
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise UserError(f"{file.name} has two entries of one name, {error.filename}") from error


def entries(file: Path) -> Iterator[Entry]:
    """List what an archive has, in its order."""
    if file.suffix.lower() == ".zip":
        with zipfile.ZipFile(file) as archive:
            for info in archive.infolist():
                mode = stat.S_IFMT(info.external_attr >> 16)
                plain = mode in (0, stat.S_IFREG)
                kind = kind_of(info.is_dir(), plain)
                yield Entry(info.filename, kind, partial(archive.open, info))
        return
    with tarfile.open(file) as tar:
        for member in tar:
            kind = kind_of(member.isdir(), member.isreg())
            yield Entry(member.name, kind, partial(tar.extractfile, member))


def kind_of(is_folder: bool, is_file: bool) -> Kind:
    """Name what an entry is; links and devices are neither of the two."""
    return "folder" if is_folder else "file" if is_file else "other"


def copy(entry: Entry, target: Path, left: int) -> int:
    """Write an entry into a new file; returns how many bytes are left, below 0 where it stopped."""
    source = entry.open()
    if source is None:
        raise ValueError(f"{entry.name} has no content")
    with source, target.open("xb") as stream:
        while left >= 0 and (piece := source.read(PIECE)):
            left -= len(piece)
            stream.write(piece)
    return left


def place(name: str, folder: Path) -> Path:
    """Return where an entry goes; UserError for a name that leads out of the folder."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in "".join(path.parts[:1]) or "\0" in name:
        raise UserError(f"the name {name!r} leads out of its folder")
    return folder.joinpath(*path.parts)


def is_clutter(path: Path) -> bool:
    """Whether a file is one that systems add for themselves."""
    return "__MACOSX" in path.parts or path.name in (".DS_Store", "Thumbs.db", "desktop.ini")


def look_through(folder: Path) -> Path:
    """Return the only file of a folder, or else the innermost folder that holds everything."""
    while len(found := list(folder.iterdir())) == 1:
        if found[0].is_file():
            return found[0]
        folder = found[0]
    return folder
