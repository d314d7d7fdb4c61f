"""Ask a running server what is in your images, over REST.

    python deploy/tf_serving/client.py examples/seven.png [MORE ...] [--url 127.0.0.1:8080]

It needs Pillow, NumPy and the artifact's manifest.json, and nothing of this project: copy it to
where your images are.
"""

import argparse
import json
import sys
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

MANIFEST = Path("artifacts/tf_serving/manifest.json")


def read(file: Path, height: int, width: int, channels: int) -> np.ndarray:
    """Read an image as the model was trained on them: float32 [height, width, channels] in 0..1."""
    with Image.open(file) as opened:
        image: Image.Image = ImageOps.exif_transpose(opened)
        if image.mode.startswith("I"):  # 16 bits, which `convert` would cut off, not scale
            image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
        image = image.convert("L" if channels == 1 else "RGB")
    fitted = ImageOps.fit(image, (width, height), Image.Resampling.BILINEAR)
    return (np.asarray(fitted, np.float32) / 255).reshape(height, width, channels)


def main() -> None:
    """Send all images in one request and print a line for each."""
    parser = argparse.ArgumentParser(description="Ask a running server what is in your images.")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument(
        "--url",
        type=lambda url: url.split("://")[-1].rstrip("/"),
        default="127.0.0.1:8080",
        metavar="HOST:PORT",
        help="where `serve tf_serving` says that it is; default: %(default)s",
    )
    parser.add_argument("--manifest", default=MANIFEST, type=Path, metavar="FILE")
    arguments = parser.parse_args()

    # TensorFlow Serving does not know the classes' names; the manifest does.
    manifest = json.loads(arguments.manifest.read_text(encoding="utf-8"))
    (source,), (target,) = manifest["signature"]["inputs"], manifest["signature"]["outputs"]
    height, width, channels = source["shape"]
    images = [read(file, height, width, channels).tolist() for file in arguments.files]
    url = f"http://{arguments.url}/v1/models/{manifest['model']}:predict"
    body = json.dumps({"instances": images}).encode()
    with urllib.request.urlopen(url, body, timeout=60) as response:
        answers = json.load(response)["predictions"]
    for file, probabilities in zip(arguments.files, answers, strict=True):
        best = int(np.argmax(probabilities))
        print(f"{file}: {target['labels'][best]} ({probabilities[best]:.1%})")


if __name__ == "__main__":
    try:
        main()
    except urllib.error.HTTPError as error:
        sys.exit(f"error: the server refused: {json.load(error)['error']}")
    except urllib.error.URLError:
        sys.exit("error: no server answers there; start one with `serve tf_serving`, or see --url")
    except OSError as error:
        sys.exit(f"error: {error}")
