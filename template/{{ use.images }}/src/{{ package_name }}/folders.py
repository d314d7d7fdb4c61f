"""A folder of one's own: which classes it has, which pictures, and which splits are given."""

import os
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import UserError
from .pictures import SUFFIXES, printable

PARTS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}
"""names of folders that are taken for splits, in lower case, and the split that each of them is"""
HINT = (
    "make it source/CLASS/picture.png, or source/train/CLASS/picture.png with val and test beside"
)


@dataclass(frozen=True)
class Listing:
    """The pictures below a folder; all lists have one entry per picture."""

    classes: list[str]
    files: list[str]
    """paths relative to the folder, with slashes"""
    labels: list[int]
    """places in `classes`"""
    parts: list[str]
    """train, validation or test where the folder is so divided; empty where it is not"""
    left_out: Counter[str]
    """how many files of each other suffix there are"""
    loose: list[str]
    """images that lie in no class's folder, as paths like `files`"""


def find_pictures(root: Path) -> Listing:
    """List the pictures in `root/<class>/`, or in `root/train/<class>/` and its like.

    Folders in a class are searched, linked ones too; names that begin with a dot are left out.
    Raises UserError for a layout that is not understood.
    """
    if not root.is_dir():
        raise UserError(f"there is no folder {root}; set `source` to digits or to your images")
    places = find_parts(root) or {"": root}
    if "" in places:
        refuse_other_layouts(root)
    found: list[tuple[str, str, str]] = []  # part, class, file
    left_out: Counter[str] = Counter()
    loose: list[str] = []
    for part, folder in places.items():
        files = (file for file in sorted(folder.iterdir()) if file.is_file())
        loose += [file.relative_to(root).as_posix() for file in files if is_picture(file)]
        for name in subfolders(folder):
            for file in walk(folder / name):
                if is_picture(file):
                    found.append((part, class_name(name), file.relative_to(root).as_posix()))
                else:
                    left_out[file.suffix.lower() or "no suffix"] += 1
    names = {class_name(name) for folder in places.values() for name in subfolders(folder)}
    classes = sorted(names)
    if not found:
        others = ", ".join(f"{count} of {kind}" for kind, count in left_out.most_common(5))
        but = f", but {others}, which are not read; convert them, to JPEG say" if others else ""
        raise UserError(f"{root} has no images in subfolders{but}; {HINT}")
    if len(classes) < 2:
        raise UserError(f"{root} has one class only, {classes[0]}; make a subfolder per class")
    numbers = {name: number for number, name in enumerate(classes)}
    return Listing(
        classes,
        [file for _, _, file in found],
        [numbers[name] for _, name, _ in found],
        [part for part, _, _ in found],
        left_out,
        loose,
    )


def find_parts(root: Path) -> dict[str, Path]:
    """Find the splits that a folder is divided into; none where its subfolders are classes.

    A class may be called `train`: then there are pictures in it, not folders of classes.
    """
    named = {name: PARTS[name.lower()] for name in subfolders(root) if name.lower() in PARTS}
    divided = [
        name
        for name in named
        if any(has_pictures(root / name / x) for x in subfolders(root / name))
    ]
    others = [name for name in subfolders(root) if name not in named and has_pictures(root / name)]
    if not divided:
        if named and not others:
            raise UserError(f"{root} has {', '.join(named)}, but no classes in them; {HINT}")
        return {}
    if others:
        raise UserError(
            f"{root} has splits ({', '.join(divided)}) beside other folders of images"
            f" ({', '.join(others[:5])}); {HINT}"
        )
    loose = [name for name in named if name not in divided and has_pictures(root / name)]
    if loose:
        raise UserError(f"{root / loose[0]} has images, but no folders of classes; {HINT}")
    parts = {named[name]: root / name for name in divided}
    if len(parts) < len(divided) or "train" not in parts:
        raise UserError(f"{root} has {', '.join(divided)}: one train, val and test each; {HINT}")
    return parts


def refuse_other_layouts(root: Path) -> None:
    """Raise UserError where folders look like classes and are something else."""
    names = [name for name in subfolders(root) if has_pictures(root / name)]
    for name in names:
        inner = subfolders(root / name)
        if len(inner) > 1 and all(folder.lower() in PARTS for folder in inner):
            raise UserError(f"{root / name} has {', '.join(inner)} inside; {HINT}")
    if len(names) == 1 and len(subfolders(root / names[0])) > 1:
        raise UserError(f"{root} has one folder only; is it `source = {root / names[0]}`?")


def subfolders(folder: Path) -> list[str]:
    """Name the folders in a folder, sorted, without hidden ones."""
    return sorted(path.name for path in folder.iterdir() if is_visible(path.name) and path.is_dir())


def is_visible(name: str) -> bool:
    """Whether a name is one of people's own, and not what programs keep for themselves."""
    return not name.startswith((".", "__MACOSX"))


def has_pictures(folder: Path) -> bool:
    """Whether there is a picture somewhere in a folder."""
    return any(map(is_picture, walk(folder)))


def is_picture(file: Path) -> bool:
    """Whether a file is a picture that can be read, by its name."""
    return is_visible(file.name) and file.suffix.lower() in SUFFIXES


def walk(folder: Path) -> Iterator[Path]:
    """Give every visible file below a folder, in order; no folder comes twice by its links."""
    seen: set[str] = set()

    def fail(error: OSError) -> None:
        raise error

    for path, folders, files in os.walk(folder, onerror=fail, followlinks=True):
        if os.path.realpath(path) in seen:
            folders.clear()
            continue
        seen.add(os.path.realpath(path))
        folders[:] = sorted(filter(is_visible, folders))
        for name in sorted(filter(is_visible, files)):
            yield Path(path, name)


def class_name(folder: str) -> str:
    """Return the class that a folder stands for; UserError where its name cannot be printed.

    Macs write an accented letter as two signs, others as one: both are the same class.
    """
    if printable(folder) != folder:
        raise UserError(f"the name of the folder {printable(folder)!r} cannot be shown; rename it")
    return unicodedata.normalize("NFC", folder)
