"""The commands that only a project of image classification shows, and their judges."""

from __future__ import annotations

import json
import re

from project_lab import Project

from .common import Judge, Prepare


def make_photos(project: Project) -> None:
    """Put images of two colours where the README says that one's own images are."""
    program = (
        "from pathlib import Path; from PIL import Image\n"
        "for name, colour in (('blue', (20, 40, 220)), ('red', (220, 30, 20))):\n"
        "    Path('data', 'photos', name).mkdir(parents=True)\n"
        "    for i in range(20):\n"
        "        shade = tuple(max(value - 3 * i, 0) for value in colour)\n"
        "        image = Image.new('RGB', (40 + i, 50), shade)\n"
        "        image.paste((200, 200, 20), (5, 5, 10, 10))\n"
        "        image.save(f'data/photos/{name}/{i}.jpg')\n"
    )
    (project.path / "photos.py").write_text(program)
    project.run("uv run python photos.py")
    (project.path / "photos.py").unlink()
    (project.path / "data" / "photos" / "red" / "broken.png").write_bytes(b"no image")


def trained(project: Project, said: str) -> None:
    card = project.card()
    assert card["test"]["accuracy"] >= 0.985
    assert f"test accuracy: {card['test']['accuracy']:.4g}" in said
    metrics = (project.runs()[-1] / "metrics.jsonl").read_text().splitlines()
    assert json.loads(metrics[-1])["split"] == "test"


def trained_on_photos(project: Project, said: str) -> None:
    card = project.card()
    assert card["facts"]["classes"] == ["blue", "red"]
    assert card["facts"]["shape"] == [49, 49, 3]  # the median of 40 to 50
    assert card["test"]["accuracy"] == 1
    assert card["data"]["skipped"] == ["red/broken.png"]
    assert "warning: 1 of 41 images could not be read" in said
    assert (project.runs()[-1] / "first_batch.png").is_file()


def predicted(project: Project, said: str) -> None:
    assert re.search(r"^examples/seven\.png\t7\t0\.\d+$", said, re.MULTILINE)
    assert re.search(r"^examples/zero\.png\t0\t0\.\d+$", said, re.MULTILINE)


def asked(project: Project, said: str) -> None:
    assert "examples/seven.png: 7 (" in said


def answered(project: Project, said: str) -> None:
    # What curl and the client say of themselves comes after it.
    (answer,), _ = json.JSONDecoder().raw_decode(said[said.index("[") :])
    assert answer["label"] == "7"


JUDGES: list[tuple[str, Prepare | None, Judge]] = [
    (r"uv run my-model train", None, trained),
    (r"uv run my-model train --source data/photos", make_photos, trained_on_photos),
    (
        r"uv run my-model predict examples/seven.png examples/zero.png( --target \w+)?",
        None,
        predicted,
    ),
    (r"uv run python deploy/client \w+ examples/seven.png", None, asked),
    (r"uv run python deploy/client torchserve .* --curl \| curl -s -K -", None, answered),
    (r"uv run python deploy/tflite/classify.py examples/seven.png --(url|model) \S+", None, asked),
]
