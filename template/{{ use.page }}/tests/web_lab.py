"""What tests of web pages share: an engine of a few lines, npm's packages, a browser."""

import json
import shutil
from pathlib import Path

import pytest

from .conftest import PACKAGE, ROOT, Workshop

# Multiplies every input by the class numbers and answers with the shares.
ENGINE = """
export const name = "Arithmetic";
export const backends = ["wasm", "webgl"];
export async function load(manifest, backend) {
  const { about } = await import("./model.js");
  if (about === "broken") throw new Error("the model is broken\\nand more");
  const classes = manifest.classes.length;
  return {
    version: "1.2.3",
    backend,
    async predict(values, shape) {
      if (values[0] === -1) throw new Error("minus one is no pixel");
      const size = values.length / shape[0];
      const answers = new Float32Array(shape[0] * classes);
      for (let row = 0; row < shape[0]; row += 1) {
        const sum = values.slice(row * size, (row + 1) * size).reduce((a, b) => a + b, 0);
        for (let k = 0; k < classes; k += 1) answers[row * classes + k] = sum * k;
      }
      return answers;
    },
  };
}
"""


def write_site(folder: Path, about: str = "fine") -> Path:
    """Write what a browser needs to compute."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "engine.js").write_text(ENGINE)
    (folder / "model.js").write_text(f"export const about = {json.dumps(about)};\n")
    return folder


def needs_browser() -> None:
    """Skip a test where no browser is installed, and only there."""
    import importlib

    browser = importlib.import_module(f"{PACKAGE}.page.browser")
    if not any(shutil.which(name) for name in (*browser.NAMES, *browser.PLACES)):
        pytest.skip("no browser is installed")


def bring_packages(workshop: Workshop) -> None:
    """Put npm's packages where commands look for them; skip a test where npm has not run."""
    web = ROOT / "web"
    if not (web / "node_modules").is_dir():
        pytest.skip("the page's packages are not installed: npm install --prefix web")
    if not (workshop.path / "web").exists():
        (workshop.path / "web").symlink_to(web, target_is_directory=True)
