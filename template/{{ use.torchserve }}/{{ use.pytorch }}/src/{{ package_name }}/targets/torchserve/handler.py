"""What TorchServe's worker runs: images in, labels and probabilities out, all in JSON.

This file travels inside the archive and imports nothing of this project: the network is a
`torch.export` program, and `model.json` beside it says what goes in and what comes out.
"""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch


class Handler:
    """One model; TorchServe makes it, and calls it for one request or several at once."""

    def initialize(self, context: Any) -> None:
        """Load the model; TorchServe then calls the worker ready."""
        folder = Path(context.system_properties["model_dir"])
        about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        limits = {"max_batch": int(os.environ.get("MAX_BATCH", "256"))}
        self.about = {"model": context.model_name} | about | limits
        self.compute = torch.export.load(folder / "model.pt2").module()
        with torch.inference_mode():
            self.compute(torch.zeros(1, *about["shape"]))  # the first time takes longer

    def handle(self, requests: list[dict[str, Any]], context: Any) -> list[str]:
        """Answer requests that came together; a bad one does not spoil the others."""
        answers = [""] * len(requests)
        images: dict[int, np.ndarray] = {}
        for number, request in enumerate(requests):
            context.set_response_content_type(number, "application/json")
            try:
                body = request.get("body")
                if body is not None and len(body) == 0:
                    answers[number] = json.dumps(self.about)  # nothing sent: what to send
                else:
                    images[number] = self.read(body)
            except OverflowError as error:
                context.set_response_status(413, "Request Entity Too Large", number)
                answers[number] = json.dumps({"error": str(error)})
            except ValueError as error:
                context.set_response_status(400, "Bad Request", number)
                answers[number] = json.dumps({"error": str(error)})
        if images:
            found = self.predict(np.concatenate(list(images.values())))
            for number, batch in images.items():
                answers[number] = json.dumps(found[: len(batch)])
                del found[: len(batch)]
        return answers

    def read(self, body: object) -> np.ndarray:
        """Read a body as float32 [n, height, width, channels].

        Raises ValueError when it is not that, and OverflowError when there are too many images.
        """
        shape, most = self.about["shape"], self.about["max_batch"]
        wanted = f"a list of images, each {shape} numbers"
        if body is None:
            raise ValueError(f"send {wanted}, as JSON, with Content-Type: application/json")
        if isinstance(body, bytes | bytearray | str):
            try:
                body = json.loads(body)
            except (ValueError, RecursionError):
                raise ValueError(f"the body is not JSON; send {wanted}") from None
        if not isinstance(body, list) or not body:
            raise ValueError(f"the body must be {wanted}")
        if len(body) > most:
            raise OverflowError(f"at most {most} images in one request, not {len(body)}")
        try:
            images = np.array(body)  # without a type, or texts would become numbers
        except ValueError:
            raise ValueError(f"the body must be {wanted}; its lists have several lengths") from None
        if images.dtype.kind not in "iuf" or list(images.shape[1:]) != shape:
            raise ValueError(f"the body must be {wanted}, not {images.dtype} {images.shape}")
        with np.errstate(over="ignore"):
            images = images.astype(np.float32)
        if not np.isfinite(images).all():
            raise ValueError("the numbers must be finite")
        return images

    def predict(self, images: np.ndarray) -> list[dict[str, Any]]:
        """Compute for images [n, ...]: for each its label, and the probability of every class."""
        classes = self.about["classes"]
        with torch.inference_mode():
            rows = self.compute(torch.from_numpy(images)).tolist()
        return [
            {
                "label": classes[row.index(max(row))],
                "probabilities": dict(zip(classes, row, strict=True)),
            }
            for row in rows
        ]
