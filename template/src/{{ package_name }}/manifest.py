"""manifest.json: what an artifact is, where it came from, and the hash of each of its files."""

import dataclasses
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import UserError
from .signature import Signature
from .storage import sha256_file, write_atomic

FILE = "manifest.json"


@dataclass(frozen=True)
class Manifest:
    """All that a server or a client has to know, without the run and without the framework."""

    target: str
    model: str
    """the project's name, under which the model is served"""
    run: str
    weights_sha256: str
    engine: str
    engine_version: str
    signature: Signature
    facts: dict[str, Any]
    """what the preparation of inputs has to know"""
    precision: str
    """what `predict` and `serve` compute with, one of `models`"""
    models: dict[str, dict[str, Any]]
    """what there is in each precision: `file` is the model's"""
    details: dict[str, Any]
    """what only this target has to say"""
    files: dict[str, dict[str, Any]]
    """sha256 and bytes of every file"""
    packages: dict[str, str]
    verification: dict[str, dict[str, Any]]
    """what was measured when it was exported, by precision or engine"""

    def file(self, precision: str) -> str:
        """Name the model's file in a precision."""
        return str(self.models[precision]["file"])

    @property
    def all_bytes(self) -> int:
        """Count the bytes of the whole artifact: every file beside manifest.json."""
        return sum(int(entry["bytes"]) for entry in self.files.values())

    def bytes(self, precision: str) -> int:
        """Count the bytes of the model in a precision: its file, and files that continue its name.

        Weights of large ONNX models are in a second file, such as model.onnx.data.
        """
        file = self.file(precision)
        parts = [name for name in self.files if name == file or name.startswith(f"{file}.")]
        return sum(int(self.files[name]["bytes"]) for name in parts)


def describe_files(folder: Path) -> dict[str, dict[str, Any]]:
    """Hash and measure every file of an artifact, by its path inside the folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != FILE)
    return {
        file.relative_to(folder).as_posix(): {
            "sha256": sha256_file(file),
            "bytes": file.stat().st_size,
        }
        for file in files
    }


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write manifest.json into an artifact's folder."""
    text = json.dumps(dataclasses.asdict(manifest), indent=2, ensure_ascii=False)
    write_atomic(folder / FILE, text.encode())


def read_manifest(folder: Path) -> Manifest:
    """Read manifest.json and hold every file against its hash.

    Raises UserError when the artifact is missing, damaged or not what was exported.
    """
    again = f"make it again with `export {folder.name}`"
    missing = f"there is no artifact in {folder}; make it with `export {folder.name}`"
    try:
        table = json.loads((folder / FILE).read_text(encoding="utf-8"))
        manifest = Manifest(**table | {"signature": Signature.from_json(table["signature"])})
        expected = {name: entry["sha256"] for name, entry in manifest.files.items()}
        manifest.file(manifest.precision)
    except FileNotFoundError as error:
        raise UserError(missing) from error
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise UserError(f"{folder / FILE} is damaged; {again}") from error
    for name, digest in expected.items():
        file = folder / name
        if not re.fullmatch(r"[\w.@\-]+(/[\w.@\-]+)*", name) or ".." in name or not file.is_file():
            raise UserError(f"{file} is missing; {again}")
        if sha256_file(file) != digest:
            raise UserError(f"{file} is not the file that was exported (its hash differs); {again}")
    return manifest
