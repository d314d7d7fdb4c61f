"""Say what is in your images: with a model file on this computer, or by asking a server.

    python classify.py examples/seven.png --model artifacts/tflite/int8.tflite
    python classify.py examples/seven.png --url 127.0.0.1:8080

It needs NumPy, Pillow and, for a file, ai-edge-litert; and nothing of this project: copy it, the
file and the manifest.json beside that to where your images are, such as a Raspberry Pi with a
64-bit system. A server prepares the images by itself.
"""

import argparse
import json
import mimetypes
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

Classify = Callable[[Path], tuple[str, float]]
"""a file to the most probable label and its probability"""


def read(file: Path, facts: dict[str, Any]) -> np.ndarray:
    """Read an image as the model was trained on them: float32 [height, width, channels] in 0..1."""
    height, width, channels = facts["shape"]
    with Image.open(file) as opened:
        image: Image.Image = ImageOps.exif_transpose(opened)
    image = scale(image, facts["white_level"])
    if image.has_transparency_data:
        rgba = np.asarray(image.convert("RGBA")).astype(np.uint16)
        colour, alpha = rgba[..., :3], rgba[..., 3:]
        mixed = (colour * alpha + facts["background"] * (255 - alpha) + 127) // 255
        image = Image.fromarray(mixed.astype(np.uint8))
    image = image.convert("L" if channels == 1 else "RGB")
    fitted = ImageOps.fit(image, (width, height), Image.Resampling.BILINEAR)
    return (np.asarray(fitted, np.float32) / 255).reshape(height, width, channels)


def scale(image: Image.Image, white_level: float) -> Image.Image:
    """Scale an image of more than 8 bits, so that the white level becomes 255; others stay."""
    if image.mode != "F" and not image.mode.startswith("I"):
        return image
    if not white_level and not image.mode.startswith("I;16"):
        raise ValueError(f"{image.mode} pixels; no such image was in training, so make it 8 bits")
    values = np.nan_to_num(np.asarray(image).astype(np.float64))
    scaled = np.clip(values / (white_level or 65535) * 255, 0, 255)
    return Image.fromarray(scaled.round().astype(np.uint8))


def open_model(file: Path) -> Classify:
    """Open a `.tflite` file; the manifest.json beside it says how images are prepared."""
    from ai_edge_litert.interpreter import Interpreter

    facts = json.loads(file.with_name("manifest.json").read_text("utf-8"))["facts"]
    interpreter = Interpreter(str(file))
    interpreter.allocate_tensors()
    (source,), (target,) = interpreter.get_input_details(), interpreter.get_output_details()

    def classify(image: Path) -> tuple[str, float]:
        values = read(image, facts)[None]
        if source["dtype"] == np.int8:  # whole numbers of a scale, instead of floats
            step, zero = source["quantization"]
            values = np.clip(np.round(values / step) + zero, -128, 127).astype(np.int8)
        interpreter.set_tensor(source["index"], values)
        interpreter.invoke()
        answer = np.asarray(interpreter.get_tensor(target["index"])[0], np.float32)
        if target["dtype"] == np.int8:
            step, zero = target["quantization"]
            answer = (answer - zero) * step
        best = int(answer.argmax())
        return facts["classes"][best], float(answer[best])

    return classify


def open_server(address: str) -> Classify:
    """Send files to a server as they are."""
    url = address.rstrip("/") if "://" in address else f"http://{address.rstrip('/')}"

    def classify(image: Path) -> tuple[str, float]:
        kind = mimetypes.guess_type(image.name)[0] or "application/octet-stream"
        request = urllib.request.Request(
            f"{url}/invocations", image.read_bytes(), {"Content-Type": kind}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            (found,) = json.load(answer)["predictions"]
        return found["label"], found["probability"]

    return classify


def main() -> None:
    """Print a line for each image: its label, how sure the model is, and how long it took."""
    parser = argparse.ArgumentParser(description="Say what is in your images.")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--model", type=Path, metavar="TFLITE")
    where.add_argument("--url", help="where `serve tflite` says that it is")
    arguments = parser.parse_args()
    classify = open_model(arguments.model) if arguments.model else open_server(arguments.url)
    for file in arguments.files:
        start = time.perf_counter()
        label, probability = classify(file)
        milliseconds = 1000 * (time.perf_counter() - start)
        print(f"{file}: {label} ({probability:.1%}, {milliseconds:.2f} ms)")


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")  # a pipe may not have a sign for all texts
    try:
        main()
    except urllib.error.HTTPError as error:
        sys.exit(f"error: the server refuses it: {error.read().decode('utf-8', 'replace')}")
    except urllib.error.URLError as error:
        sys.exit(f"error: no server answers there ({error.reason}); start one, or see --model")
    except (OSError, ValueError) as error:
        sys.exit(f"error: {error}")
