"""The commands that only a project of image generation shows, and their judges."""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path

from project_lab import Project

from .common import Judge, Prepare, forget


def make_shapes(project: Project) -> None:
    """Put images of two shapes where the README says that one's own images are."""
    program = (
        "from pathlib import Path; from PIL import Image, ImageDraw\n"
        "for name in ('disc', 'square'):\n"
        "    Path('data', 'shapes', name).mkdir(parents=True)\n"
        "    for i in range(20):\n"
        "        image = Image.new('RGB', (40, 44), (20 + 2 * i, 40, 90))\n"
        "        pen, box = ImageDraw.Draw(image), (6, 6 + i % 5, 30, 30 + i % 5)\n"
        "        colour = (240, 200 - 4 * i, 20)\n"
        "        pen.ellipse(box, colour) if name == 'disc' else pen.rectangle(box, colour)\n"
        "        image.save(f'data/shapes/{name}/{i}.jpg')\n"
    )
    (project.path / "shapes.py").write_text(program)
    project.run("uv run python shapes.py")
    (project.path / "shapes.py").unlink()
    (project.path / "data" / "shapes" / "disc" / "broken.png").write_bytes(b"no image")


def trained(project: Project, said: str) -> None:
    card = project.card()
    test, real = card["test"], card["baselines"]["real images"]
    assert test.keys() == {"judge_accuracy", "frechet", "spread"}
    assert test["judge_accuracy"] >= 0.95
    assert test["frechet"] <= 2.5 * real["frechet"]
    assert test["spread"] > 0.8
    assert not card["verdict"]
    sketches = sorted((project.runs()[-1] / "sketches").glob("step-*.png"))
    assert len(sketches) >= 3
    metrics = (project.runs()[-1] / "metrics.jsonl").read_text().splitlines()
    assert json.loads(metrics[-1])["split"] == "test"


def trained_on_shapes(project: Project, said: str) -> None:
    card = project.card()
    assert card["facts"]["classes"] == ["disc", "square"]
    assert card["facts"]["shape"] == [16, 16, 3]
    assert card["data"]["skipped"] == ["disc/broken.png"]
    assert "warning: 1 of 41 images could not be read" in said
    assert (project.runs()[-1] / "first_batch.png").is_file()
    forget(project)


def size_of(png: bytes) -> tuple[int, int]:
    """Read width and height from the head of a PNG."""
    assert png.startswith(b"\x89PNG\r\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def predicted(project: Project, said: str) -> None:
    found = re.findall(r"^(\S+\.png)\t7\t1\t(\d+)$", said, re.MULTILINE)
    assert [int(place) for _, place in found] == list(range(16))
    files = [project.path / name for name, _ in found]
    assert {size_of(file.read_bytes()) for file in files} == {(8, 8)}
    assert len({file.read_bytes() for file in files}) == 16
    sheet = Path(files[0]).with_name("7-1-000-to-7-1-015.png")
    assert size_of(sheet.read_bytes())[0] > 400


def asked(project: Project, said: str) -> None:
    sheet = project.path / "sevens.png"
    assert size_of(sheet.read_bytes()) == (4 * 8 + 3, 8)
    sheet.unlink()


JUDGES: list[tuple[str, Prepare | None, Judge]] = [
    (r"uv run my-model train", None, trained),
    (r"uv run my-model train --source data/shapes --image-size 16", make_shapes, trained_on_shapes),
    (
        r"uv run my-model predict --label 7 --count 16 --seed 1( --target \w+ --out \w+)?",
        None,
        predicted,
    ),
    (r"curl .* -o sevens\.png \S+/invocations", None, asked),
]
