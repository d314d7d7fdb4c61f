"""What the cache of images gains: rows read from it, beside decoding each photo with Pillow.

    .venv/bin/python benchmarks/reading_images.py

Renders a PyTorch project into a temporary folder, draws 2,000 JPEGs of 320 pixels, and lets the
project's own code read them, in an environment that uv makes. Printed are images per CPU second,
and how many times as fast as decoding that is; then the memory that reading them took.
Exit code 1 when the rows of the cache come slower than the goal.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from training_loop import render

GOAL = 5000  # images of 224 pixels per CPU second, from a cache that is there
PROGRAM = Path(__file__).parent / "loops" / "image_reading.py"


def main(argv: list[str] | None = None) -> int:
    """Measure in a process of the project's own, and say whether the goal is met."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3, help="turns of each (default: 3)")
    parser.add_argument("--images", type=int, default=2000, help="default: 2000")
    options = parser.parse_args(argv)
    if options.rounds < 1 or options.images < 100:
        parser.error("--rounds takes 1 or more, --images 100 or more")
    with tempfile.TemporaryDirectory(prefix="pickone-images-") as scratch:
        project = Path(scratch) / "project"
        render("pytorch", project)
        command = ["uv", "run", "--project", str(project), "python", str(PROGRAM)]
        command += [scratch, str(options.images), str(options.rounds)]
        done = subprocess.run(command, cwd=project, text=True, stdout=subprocess.PIPE, check=True)
    print(done.stdout, end="")
    rate = float(done.stdout.split("rows of the cache: ")[1].split()[0].replace(",", ""))
    met = rate >= GOAL
    print(f"goal {GOAL:,} images per CPU second from the cache: {'met' if met else 'MISSED'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
