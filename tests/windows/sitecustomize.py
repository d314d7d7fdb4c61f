"""Files as Windows keeps them, for every Python program that finds this folder on its path.

Python imports it at its start. From then on, below the folder that WINDOWS_RULES names, a program
may not do on Linux what it could not do on Windows: rename or remove a file or a folder while the
program itself has it open or mapped into memory, rename over a file that is there, or give a file
a name that Windows does not take. What it has open is what the kernel says, so engines written in
other languages are held to it as well.
"""

# Every program imports this first, and pathlib takes a while.
# ruff: noqa: PTH100, PTH115, PTH118, PTH123, PTH208

import os
import re
import sys
from collections.abc import Callable
from typing import Any

PLACE = os.environ.get("WINDOWS_RULES", "")
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
LONGEST = 200  # characters below the project's folder
asking = False


def below(path: object, folder: int = -1) -> str:
    """The path, whole, where it lies below the place; else nothing."""
    if isinstance(path, int):
        return ""
    name = os.fsdecode(path)  # type: ignore[arg-type]
    if folder >= 0:
        name = os.path.join(os.readlink(f"/proc/self/fd/{folder}"), name)
    whole = os.path.abspath(name)
    return whole if whole.startswith(f"{PLACE}/") else ""


def used(path: str) -> set[str]:
    """The files at or below a path that this process has open, or mapped."""
    found = set()
    for number in os.listdir("/proc/self/fd"):
        try:
            found.add(os.readlink(f"/proc/self/fd/{number}"))
        except OSError:  # the list's own
            continue
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as maps:
        found |= {line.split(maxsplit=5)[-1].strip() for line in maps}
    inside = {name for name in found if name == path or name.startswith(f"{path}/")}
    return {name for name in inside if not name.endswith(".lock")}  # let go of in another way there


def refuse(what: str, path: str) -> None:
    """Do what Windows does."""
    print(f"windows: {what}: {path}", file=sys.stderr)
    raise PermissionError(13, f"Windows: {what}", path)


def check_name(path: str) -> None:
    """Hold the names of a path to what Windows takes."""
    name = path.removeprefix(f"{PLACE}/")
    for part in name.split("/"):
        odd = re.search(r'[<>:"|?*\\\x00-\x1f]', part) or part != part.rstrip(". ")
        if odd or RESERVED.fullmatch(part) or len(name) > LONGEST:
            refuse("a name that it does not take", path)


def opened(path: object, mode: object, flags: int) -> None:
    """Before a file is opened; those that are only read may be called anything."""
    if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) and (whole := below(path)):
        check_name(whole)


def made(path: object, mode: int, folder: int) -> None:
    """Before a folder is made."""
    if whole := below(path, folder):
        check_name(whole)


def renamed(source: object, target: object, source_folder: int, target_folder: int) -> None:
    """Before something is renamed, or replaced."""
    for whole in (below(source, source_folder), below(target, target_folder)):
        if whole and (files := used(whole)):
            refuse(f"in use: {sorted(files)}", whole)
    if whole := below(target, target_folder):
        check_name(whole)


def removed(path: object, folder: int) -> None:
    """Before a file is removed."""
    whole = below(path, folder)
    if whole and used(whole):
        refuse("in use", whole)


RULES: dict[str, Callable[..., None]] = {
    "open": opened,
    "os.mkdir": made,
    "os.rename": renamed,
    "os.remove": removed,
}


def hear(event: str, arguments: tuple[Any, ...]) -> None:
    """Be told by Python of what is about to happen."""
    global asking
    if event not in RULES or asking:
        return
    asking = True
    try:
        RULES[event](*arguments)
    finally:
        asking = False


def rename(source: Any, target: Any, **folders: Any) -> None:
    """Rename, and refuse what `os.replace` is for."""
    if below(target) and os.path.lexists(target):
        refuse("it is there already", os.fsdecode(target))
    original(source, target, **folders)


if PLACE:
    original = os.rename
    os.rename = rename  # type: ignore[assignment]
    sys.addaudithook(hear)
