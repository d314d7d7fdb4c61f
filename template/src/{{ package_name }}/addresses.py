"""Data at an https address: downloaded and unpacked once, checked whenever they are used.

`.cache/sources/` has a folder for each address. It gets its name when everything in it is whole, so
that nothing half done is ever taken for the data.
"""

import contextlib
import hashlib
import json
import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from . import archives, download
from .errors import UserError
from .project import command
from .storage import is_unchanged, sha256_file, sha256_tree, write_atomic

CACHE = Path(".cache") / "sources"
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
# Words in the names of parameters by which services let their bearer in.
SECRETS = re.compile(
    r"token$|sig$|signature$|secret|passw|credential|api_?key|^key$|^auth(orization)?$"
)


@dataclass(frozen=True)
class Found:
    """Data that are here: where, and what they were made of."""

    path: Path
    name: str
    """where they come from, as cards and reports may say it"""
    hash: str
    """such as `sha256:…`, of what was downloaded"""


def is_address(source: str) -> bool:
    """Whether a source is an address, of whatever kind."""
    return SCHEME.match(source) is not None


def find(source: str) -> Found:
    """Find what was fetched from an address; `ADDRESS#PATH` is a part of what an archive has.

    Raises UserError where it was not fetched yet, or has been changed since.
    """
    address, _, inside = source.partition("#")
    check(address)
    folder = folder_of(address)
    again = f"`{command()} fetch --source {shlex.quote(source)}"
    try:
        about: dict[str, Any] = json.loads((folder / "source.json").read_bytes())
    except FileNotFoundError as error:
        raise UserError(f"{address} is not here yet; bring it with {again}`") from error
    whole = folder / "content"
    if not is_unchanged(whole, about["contents"], sha256_tree, folder / "checked.json"):
        raise UserError(f"{whole} has been changed since it was fetched; {again} --again`")
    path = folder / about["path"]
    if inside:
        base = path if path.is_dir() else path.parent
        path = archives.place(inside, base)
        if not path.exists():
            raise UserError(f"{address} has no {inside}; look into {base}")
    return Found(path, source, f"sha256:{about['sha256']}")


def fetch(source: str, wanted: str, again: bool) -> Found:
    """Download what an address has, and unpack it, unless it is here; UserError says what failed.

    What is here already is replaced only by something whole, with the hash that is wanted.
    """
    address = source.partition("#")[0]
    check(address)
    folder = folder_of(address)
    scratch = folder.with_name(f".{folder.name}.part")
    CACHE.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        if (folder / "source.json").is_file() and not again:
            return find(source)
        shutil.rmtree(scratch, ignore_errors=True)  # of a command that was killed
        try:
            scratch.mkdir()
            file = download.download(address, scratch)
            sha256 = sha256_file(file)
            if wanted and wanted.lower().removeprefix("sha256:") != sha256:
                raise UserError(f"{address} has sha256:{sha256}; source_hash asks for {wanted}")
            put_in_place(file, scratch, {"address": address, "sha256": sha256})
            shutil.rmtree(folder, ignore_errors=True)
            scratch.rename(folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return find(source)


def put_in_place(file: Path, folder: Path, about: dict[str, str]) -> None:
    """Put a file, or what it is an archive of, into `folder/content`, and note what it is."""
    content = folder / "content"
    content.mkdir()
    if archives.is_archive(file):
        archives.unpack(file, content / archives.stem(file))
        file.unlink()
    else:
        file.rename(content / file.name)
    about |= {
        "path": archives.look_through(content).relative_to(folder).as_posix(),
        "contents": sha256_tree(content),
    }
    write_atomic(folder / "source.json", json.dumps(about, indent=2).encode())


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder for one process."""
    import filelock  # a server has nothing to fetch, and its container does without

    try:
        with filelock.FileLock(folder.with_name(f".{folder.name}.lock"), timeout=0):
            yield
    except filelock.Timeout as error:
        raise UserError("another process is fetching the same data; wait for it") from error


def folder_of(address: str) -> Path:
    """Return the folder of an address, whether there is one yet or not."""
    return CACHE / hashlib.sha256(address.encode()).hexdigest()[:16]


def check(address: str) -> None:
    """Raise UserError for an address that is not safe to use, or not to be written into a run."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError as error:
        raise UserError(f"{address!r} is no address: {error}") from error
    if parts.username is not None or parts.password is not None:
        raise UserError(f"the address at {host} has a user or a password in it; take it without")
    for name, _ in parse_qsl(parts.query, keep_blank_values=True):
        if SECRETS.search(name.lower()):
            raise UserError(
                f"the address at {host} has a secret in it, {name}, which every run would keep;"
                " download it by yourself, and set `source` to the file"
            )
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))):
        raise UserError(f"{parts.scheme}://{host} is not used; `source` may be an https address")


def is_loopback(host: str) -> bool:
    """Whether a host is this computer."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
