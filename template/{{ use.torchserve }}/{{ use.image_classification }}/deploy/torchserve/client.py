"""Ask a running TorchServe what is in your images.

    python deploy/torchserve/client.py examples/seven.png [MORE ...] [--keys FILE] [--curl]

It needs Pillow and NumPy, and nothing of this project: copy it to where your images are.
"""

import argparse
import json
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from PIL import Image, ImageOps


def read(file: Path, height: int, width: int, channels: int) -> np.ndarray:
    """Read an image as the model was trained on them: float32 [height, width, channels] in 0..1."""
    with Image.open(file) as opened:
        image: Image.Image = ImageOps.exif_transpose(opened)
        if image.mode.startswith("I"):  # 16 bits, which `convert` would cut off, not scale
            image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
        image = image.convert("L" if channels == 1 else "RGB")
    fitted = ImageOps.fit(image, (width, height), Image.Resampling.BILINEAR)
    return (np.asarray(fitted, np.float32) / 255).reshape(height, width, channels)


def ask(url: str, token: str, body: str | None = None) -> Any:
    """Send one request with a token; returns what the JSON of its answer says."""
    data = None if body is None else body.encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=60) as answer:
        return json.load(answer)


def main() -> None:
    """Send all images in one request and print a line for each."""
    parser = argparse.ArgumentParser(description="Ask a running TorchServe what is in your images.")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument(
        "--url",
        type=lambda url: url.rstrip("/") if "://" in url else f"http://{url}".rstrip("/"),
        default="http://127.0.0.1:8080",
        metavar="HOST:PORT",
        help="where `serve torchserve` says that it is; default: %(default)s",
    )
    parser.add_argument(
        "--keys", type=Path, metavar="FILE", help="the server's key_file.json; it says where it is"
    )
    parser.add_argument("--curl", action="store_true", help="print the request for `curl -K -`")
    arguments = parser.parse_args()

    port = urlsplit(arguments.url).port or 80
    keys = arguments.keys or Path("artifacts", f".torchserve-{port}", "key_file.json")
    token = json.loads(keys.read_text(encoding="utf-8"))["inference"]["key"]
    # A request without images is answered with what the server's one model takes.
    about = ask(f"{arguments.url}/invocations", token)
    url = f"{arguments.url}/predictions/{about['model']}"
    shape = about["inputs"][0]["shape"]
    images = np.stack([read(file, *shape) for file in arguments.files])
    body = json.dumps(images.tolist())

    if arguments.curl:
        print(f'url = "{url}"', f'header = "Authorization: Bearer {token}"', sep="\n")
        print('header = "Content-Type: application/json"', f'data = "{body}"', sep="\n")
        return
    for file, answer in zip(arguments.files, ask(url, token, body), strict=True):
        print(f"{file}: {answer['label']} ({answer['probabilities'][answer['label']]:.1%})")


if __name__ == "__main__":
    try:
        main()
    except urllib.error.HTTPError as error:
        sys.exit(f"error: the server says {error.code}: {error.read().decode()}")
    except urllib.error.URLError as error:
        sys.exit(f"error: no server answers there ({error.reason}); see --url")
    except FileNotFoundError as error:
        sys.exit(f"error: there is no {error.filename}; start `serve torchserve`, or see --keys")
    except OSError as error:
        sys.exit(f"error: {error}")
