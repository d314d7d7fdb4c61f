"""Ask a running server what is in your images.

    python deploy/onnx/client.py examples/seven.png [MORE ...] [--url 127.0.0.1:8080]

It needs Pillow, NumPy and `tritonclient[http]`, and nothing of this project: copy it to where
your images are.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import tritonclient.http as triton
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


def main() -> None:
    """Send all images in one request and print a line for each."""
    parser = argparse.ArgumentParser(description="Ask a running server what is in your images.")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument(
        "--url",
        type=lambda url: url.split("://")[-1].rstrip("/"),
        default="127.0.0.1:8080",
        metavar="HOST:PORT",
        help="where `serve onnx` says that it is; default: %(default)s",
    )
    arguments = parser.parse_args()

    client = triton.InferenceServerClient(arguments.url)
    # This server names itself after its one model, and the model says what it takes.
    model = client.get_server_metadata()["name"]
    about = client.get_model_metadata(model)
    print(f"asking {model} at {arguments.url}", file=sys.stderr)
    (source,), (target,) = about["inputs"], about["outputs"]
    images = np.stack([read(file, *source["shape"][1:]) for file in arguments.files])

    tensor = triton.InferInput(source["name"], list(images.shape), source["datatype"])
    tensor.set_data_from_numpy(images)  # as bytes; JSON works, too, with binary_data=False
    result = client.infer(model, [tensor]).as_numpy(target["name"])
    labels = about["parameters"]["labels"][target["name"]]
    for file, probabilities in zip(arguments.files, result, strict=True):
        best = int(probabilities.argmax())
        print(f"{file}: {labels[best]} ({probabilities[best]:.1%})")


if __name__ == "__main__":
    try:
        main()
    except ConnectionRefusedError:
        sys.exit("error: no server answers there; start one with `serve onnx`, or see --url")
    except OSError as error:
        sys.exit(f"error: {error}")
