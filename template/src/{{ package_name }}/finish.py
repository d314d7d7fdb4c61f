"""The end of a training: the model and what is known about it, on disk."""

import io
import json
from typing import Any

import numpy as np
import safetensors.numpy

from . import metrics
from .data import Dataset
from .journal import Journal
from .runs import Run
from .schedule import Schedule
from .storage import sha256_arrays, write_atomic
from .task import TASK


def finish(
    run: Run,
    data: Dataset,
    schedule: Schedule,
    journal: Journal,
    weights: dict[str, np.ndarray],
    outputs: np.ndarray,
    made_by: dict[str, Any],
) -> None:
    """Write `model/`: the weights, the outputs on the test split, and last the card.

    `weights` are arrays by name, `outputs` the trained model's answers on the test split, and
    `made_by` names framework, version, device and the number of trainable parameters.
    """
    test = metrics.evaluate(outputs, data.test.targets)
    journal.result(schedule.steps, "test", test)
    card = {
        "task": TASK,
        **made_by,
        "classes": list(data.classes),
        "input_shape": list(data.test.inputs.shape[1:]),
        "weights_sha256": sha256_arrays(weights),
        "data": {
            "name": data.name,
            "licence": data.licence,
            "train": len(data.train),
            "validation": len(data.validation),
            "test": len(data.test),
            "test_sha256": data.test.fingerprint(),
            "skipped": list(data.skipped),
        },
        "steps": schedule.steps,
        "epochs": schedule.epoch(schedule.steps),
        "seconds": journal.seconds,
        "samples_per_second": journal.samples_per_second,
        "test": test,
    }
    folder = run.path / "model"
    folder.mkdir(exist_ok=True)
    buffer = io.BytesIO()
    np.save(buffer, outputs.astype(np.float32))
    write_atomic(folder / "test_outputs.npy", buffer.getvalue())
    write_atomic(run.weights, safetensors.numpy.save(weights))
    # The card comes last: where it is, everything else is.
    write_atomic(folder / "model.json", json.dumps(card, indent=2).encode())
