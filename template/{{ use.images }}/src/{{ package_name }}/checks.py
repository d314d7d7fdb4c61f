"""What people should know about a folder of images before they train on it, in sentences."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .cache import Entry
from .errors import UserError
from .folders import Listing
from .pictures import Preparation, printable
from .printing import counted
from .splits import PARTS, Parts

FEWEST = 3  # images of a class: one to train, one to validate, one to test
RARE = 0.1  # of the most frequent class's images: what is rarer gets a word
CUT_OFF = 0.1  # of an image's area: images that lose more to the crop get a word
DARK = 64  # of 255: images that are never brighter get a word
MOST_NAMES = 5  # that a sentence names


def check_counts(folder: Path, listing: Listing, labels: np.ndarray) -> None:
    """Raise UserError where a class has too few readable images to be learnt."""
    counts = np.bincount(labels, minlength=len(listing.classes))
    fewest = 1 if any(listing.parts) else FEWEST
    if counts.min() < fewest:
        few = [f"{listing.classes[i]} {counts[i]}" for i in np.flatnonzero(counts < fewest)]
        raise UserError(
            f"{folder}: each class needs {counted(fewest, 'readable image')}: {some(few)}; give"
            " them more, or move their folders elsewhere"
        )


def check_parts(classes: Sequence[str], labels: np.ndarray, parts: Parts) -> None:
    """Raise UserError where a class has no images to train with, or nothing is left to test."""
    trained = np.bincount(labels[parts[0]], minlength=len(classes))
    if not trained.all():
        name = classes[int(trained.argmin())]
        raise UserError(
            f"class {name} has no images to train with; give it more, or more groups to divide"
        )
    if not len(parts[2]):
        raise UserError("no images are left to test with; raise --test-fraction")


def tell_size(
    listing: Listing, labels: np.ndarray, parts: Parts, how: Preparation, chosen: bool
) -> list[str]:
    """Say how many images there are, of which classes, and how they are prepared."""
    kind = "grey" if how.channels == 1 else "rgb"
    train, validation, test = map(len, parts)
    counts = np.bincount(labels, minlength=len(listing.classes))
    each = [f"{name} {count}" for name, count in zip(listing.classes, counts, strict=True)]
    by_itself = "; --image-size and --colour change that" if chosen else ""
    return [
        f"{len(labels)} images as {how.width}x{how.height} {kind}{by_itself}",
        f"{len(listing.classes)} classes: {some(each)}",
        f"{train} train, {validation} validate, {test} test",
    ]


def tell_left_out(listing: Listing, entries: Sequence[Entry]) -> list[str]:
    """Count and name what was not read: other files, and images that are damaged."""
    notes = []
    broken = [entry for entry in entries if entry.error]
    if broken:
        notes.append(f"warning: {len(broken)} of {len(entries)} images could not be read")
        notes += [f"  {printable(entry.error)}" for entry in broken[:MOST_NAMES]]
        if len(broken) > MOST_NAMES:
            notes.append(f"  and {len(broken) - MOST_NAMES} more; the model card names them")
    if listing.left_out:
        kinds = [f"{count} of {suffix}" for suffix, count in sorted(listing.left_out.items())]
        notes.append(f"note: left out files of kinds that are not read: {some(kinds)}")
    if listing.loose:
        lie = counted(len(listing.loose), "image lies", "images lie")
        names = some([printable(file) for file in listing.loose])
        notes.append(f"warning: {lie} in no class's folder, left out: {names}")
    seen: dict[str, str] = {}
    for name in listing.classes:
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            notes.append(f"note: {other!r} and {name!r} are taken for different classes")
    return notes


def tell_cut_off(entries: Sequence[Entry]) -> list[str]:
    """Count the images of which more than a margin is cropped away, as they are not square."""
    lost = [entry.cut_off for entry in entries if entry.cut_off > CUT_OFF]
    if not lost:
        return []
    loses = "loses" if len(lost) == 1 else "lose"
    return [
        f"note: {len(lost):,} of {len(entries):,} images {loses} more than a tenth of the area, up"
        f" to {max(lost):.0%}: only the middle square is kept; crop them yourself so that what"
        " counts is in the middle"
    ]


def tell_parts(listing: Listing, labels: np.ndarray, parts: Parts, advice: str) -> list[str]:
    """Say which splits the folder gives, and which classes are rare or missing in one.

    `advice` is what to do about rare ones.
    """
    notes, classes = [], listing.classes
    given = [part for part in PARTS if part in listing.parts]
    if given:
        notes.append(f"note: the splits are those of the folder: {', '.join(given)}")
    for name, places in zip(PARTS[1:], parts[1:], strict=True):
        counts = np.bincount(labels[places], minlength=len(classes))
        missing = [classes[i] for i in np.flatnonzero(counts == 0)]
        if missing and len(places):
            notes.append(f"warning: no image of {some(missing)} is in the {name} split")
    counts = np.bincount(labels[parts[0]], minlength=len(classes))
    rare = [f"{classes[i]} {counts[i]}" for i in np.flatnonzero(counts < RARE * counts.max())]
    if rare:
        most = classes[int(counts.argmax())]
        notes.append(f"warning: rare beside the {counts.max()} of {most}: {some(rare)}; {advice}")
    return notes


def tell_duplicates(entries: Sequence[Entry], labels: np.ndarray, parts: Parts) -> list[str]:
    """Count images that are the same once prepared, in two splits or in two classes."""
    part_of = np.zeros(len(entries), np.int64)
    for number, places in enumerate(parts):
        part_of[places] = number
    alike: dict[str, list[int]] = {}
    for place, entry in enumerate(entries):
        if entry.low < entry.high:  # images of one shade are told of by themselves
            alike.setdefault(entry.sha256, []).append(place)
    several = [places for places in alike.values() if len(places) > 1]
    notes = []
    if several:
        copies = sum(len(places) - 1 for places in several)
        told = counted(copies, "image is a copy of another", "images are copies of others")
        notes.append(f"note: {told}, such as {pair(entries, several[0])}")
    across = [places for places in several if len(set(part_of[places])) > 1]
    if across:
        count = sum(len(places) for places in across)
        notes.append(
            f"warning: {count} images are the same in two splits, which flatters the test: such as"
            f" {pair(entries, differing(across[0], part_of))}; remove copies, or see --group"
        )
    doubtful = [places for places in several if len(set(labels[places])) > 1]
    if doubtful:
        notes.append(
            f"warning: {counted(len(doubtful), 'image is', 'images are')} in two classes at once,"
            f" such as {pair(entries, differing(doubtful[0], labels))}"
        )
    return notes


def tell_plain(entries: Sequence[Entry]) -> list[str]:
    """Warn of images that show nothing, and of all that are dark."""
    notes = []
    plain = [printable(entry.file) for entry in entries if entry.low == entry.high]
    if plain:
        notes.append(
            f"warning: {counted(len(plain), 'image is', 'images are')} of one shade: {some(plain)};"
            " if they are transparent where nothing shows, try --background black"
        )
    top = max(entry.high for entry in entries)
    if len(plain) < len(entries) and top < DARK:
        notes.append(f"warning: the brightest value in all images is {top} of 255")
    return notes


def tell_deep(entries: Sequence[Entry], how: Preparation) -> list[str]:
    """Say which value is white in images of more than 8 bits."""
    deep = [entry.deep for entry in entries if entry.deep >= 0]
    if not deep:
        return []
    return [
        f"note: {counted(len(deep), 'image has', 'images have')} more than 8 bits, with values up"
        f" to {max(deep):g}; {how.white_level:g} counts as white, which --white-level changes"
    ]


def differing(places: Sequence[int], values: np.ndarray) -> list[int]:
    """Pick two places with different values."""
    first = places[0]
    return [first, next(place for place in places if values[place] != values[first])]


def pair(entries: Sequence[Entry], places: Sequence[int]) -> str:
    """Name the first two of some images."""
    return " and ".join(printable(entries[place].file) for place in places[:2])


def some(names: Sequence[str]) -> str:
    """Name the first few of many."""
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES + 1 else ""
    return ", ".join(names[: MOST_NAMES if more else None]) + more
