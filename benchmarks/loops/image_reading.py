"""Read photos with Pillow, into the cache, and from it; run by ../reading_images.py."""

from __future__ import annotations

import resource
import statistics
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image
from rendered import data
from rendered.cache import read_pictures
from rendered.folders import find_pictures
from rendered.pictures import Preparation, read_image
from rendered.task import DataSettings

SIDE, BATCH = 224, 64


def draw(folder: Path, count: int) -> None:
    """Draw JPEGs of 320 pixels in three classes."""
    rng = np.random.default_rng(0)
    for number in range(count):
        small = rng.integers(0, 256, (30, 40, 3), np.uint8)
        image = Image.fromarray(small).resize((320, 240), Image.Resampling.BICUBIC)
        file = folder / f"class{number % 3}" / f"{number}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        image.save(file, quality=85)


def cpu() -> float:
    """Return the CPU seconds of this process and of those that it has ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def main(scratch: Path, count: int, rounds: int) -> None:
    """Print images per CPU second of each way, the median of some rounds, and the memory."""
    photos, how = scratch / "photos", Preparation(SIDE, SIDE, 3)
    draw(photos, count)
    files = find_pictures(photos).files
    settings = DataSettings(
        source=str(photos), image_size=SIDE, colour="rgb", cache=str(scratch / "cache")
    )
    rates: dict[str, list[float]] = {"Pillow, one by one": [], "into a new cache": []}
    rates["rows of the cache"] = []
    for turn in range(rounds):
        start = cpu()
        for file in files[: count // 4]:
            read_image(photos / file, how)
        rates["Pillow, one by one"].append(count // 4 / (cpu() - start))
        start, clock = cpu(), time.monotonic()
        read_pictures(photos, files, how, scratch / f"cache {turn}")
        seconds = time.monotonic() - clock
        rates["into a new cache"].append(count / (cpu() - start))
        split = data.load(settings).train
        order = np.random.default_rng(turn).permutation(len(split))
        start, read = cpu(), 0
        while read < 10_000:
            for first in range(0, len(order), BATCH):
                read += len(split.rows(order[first : first + BATCH])["labels"])
        rates["rows of the cache"].append(read / (cpu() - start))
    base = statistics.median(rates["Pillow, one by one"])
    for name, found in rates.items():
        rate = statistics.median(found)
        print(f"{name}: {rate:,.0f} images per CPU second, {rate / base:.2f} times")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"a new cache took {seconds:.1f} s; memory at most {peak:,.0f} MiB in the main process")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
