"""Say what is in your images: with a model file on this computer, or by asking a server.

    python classify.py examples/seven.png --model artifacts/tflite/int8.tflite
    python classify.py examples/seven.png --url 127.0.0.1:8080

It needs NumPy, Pillow and, for a file, ai-edge-litert; and nothing of this project: copy it and the
file to where your images are, such as a Raspberry Pi with a 64-bit system.
"""

import argparse
import json
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

Predict = Callable[[np.ndarray], np.ndarray]


def read(file: Path, height: int, width: int, channels: int) -> np.ndarray:
    """Read an image as the model was trained on them: float32 [height, width, channels] in 0..1."""
    with Image.open(file) as opened:
        image: Image.Image = ImageOps.exif_transpose(opened)
        if image.mode.startswith("I"):  # 16 bits, which `convert` would cut off, not scale
            image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
        image = image.convert("L" if channels == 1 else "RGB")
    fitted = ImageOps.fit(image, (width, height), Image.Resampling.BILINEAR)
    return (np.asarray(fitted, np.float32) / 255).reshape(height, width, channels)


def open_model(file: Path) -> tuple[Predict, list[int], list[str]]:
    """Open a `.tflite` file: the function of one image, the image's shape, and the labels."""
    from ai_edge_litert.interpreter import Interpreter

    with zipfile.ZipFile(file) as archive:  # a ZIP archive lies behind the network
        labels = archive.read("labels.txt").decode().split("\n")
    interpreter = Interpreter(str(file))
    interpreter.allocate_tensors()
    (source,), (target,) = interpreter.get_input_details(), interpreter.get_output_details()

    def predict(image: np.ndarray) -> np.ndarray:
        values = image[None]
        if source["dtype"] == np.int8:  # whole numbers of a scale, instead of floats
            scale, zero = source["quantization"]
            values = np.clip(np.round(values / scale) + zero, -128, 127).astype(np.int8)
        interpreter.set_tensor(source["index"], values)
        interpreter.invoke()
        answer = np.asarray(interpreter.get_tensor(target["index"])[0], np.float32)
        if target["dtype"] == np.int8:
            scale, zero = target["quantization"]
            answer = (answer - zero) * scale
        return answer

    return predict, source["shape"][1:].tolist(), labels


def open_server(address: str) -> tuple[Predict, list[int], list[str]]:
    """Find a server's one model: the function of one image, the image's shape, and the labels."""
    url = address.rstrip("/") if "://" in address else f"http://{address.rstrip('/')}"

    def ask(path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(url + path, data, timeout=30) as answer:
            return json.load(answer)

    # This server names itself after its one model, and the model says what it takes.
    model = f"/v2/models/{ask('/v2')['name']}"
    about = ask(model)
    (source,) = about["inputs"]

    def predict(image: np.ndarray) -> np.ndarray:
        entry = {"name": source["name"], "datatype": source["datatype"]}
        entry |= {"shape": [1, *image.shape], "data": image.ravel().tolist()}
        return np.array(ask(f"{model}/infer", {"inputs": [entry]})["outputs"][0]["data"])

    return predict, source["shape"][1:], about["parameters"]["labels"][about["outputs"][0]["name"]]


def main() -> None:
    """Print a line for each image: its label, how sure the model is, and how long it took."""
    parser = argparse.ArgumentParser(description="Say what is in your images.")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--model", type=Path, metavar="TFLITE")
    where.add_argument("--url", help="where `serve tflite` says that it is")
    arguments = parser.parse_args()
    if arguments.model:
        predict, shape, labels = open_model(arguments.model)
    else:
        predict, shape, labels = open_server(arguments.url)
    for file in arguments.files:
        image = read(file, *shape)
        start = time.perf_counter()
        answer = predict(image)
        milliseconds = 1000 * (time.perf_counter() - start)
        best = int(answer.argmax())
        print(f"{file}: {labels[best]} ({answer[best]:.1%}, {milliseconds:.2f} ms)")


if __name__ == "__main__":
    try:
        main()
    except urllib.error.URLError as error:
        sys.exit(f"error: no server answers there ({error.reason}); start one, or see --model")
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        sys.exit(f"error: {error}")
