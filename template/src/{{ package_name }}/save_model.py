"""The end of a training: the model and what is known about it, on disk."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import safetensors.numpy

from . import data, metrics
from .checkpoints import Progress
from .dataset import Dataset
from .logger import Logger
from .runs import Run
from .schedule import Schedule
from .signature import Predict
from .storage import sha256_arrays, write_atomic
from .task import TASK
from .verdict import judge


def save_model(
    run: Run,
    dataset: Dataset,
    schedule: Schedule,
    progress: Progress,
    logger: Logger,
    predict: Predict,
    weights: dict[str, np.ndarray],
    made_by: Mapping[str, Any],
) -> None:
    """Measure the trained model on the test split and write `model/`, the card last of all.

    Its weights are those of the last step of `progress`, or of its best one, as the settings say.
    `weights` are arrays by name, `made_by` names framework, version, device and the number of
    trainable parameters. Exports are compared with the outputs for the golden rows, so that no
    verification has to load the framework. Several processes answer together, and one writes.
    """
    test = metrics.evaluate(predict, dataset.test, run.config, dataset.facts)
    inputs = data.golden(dataset)
    outputs = predict(inputs)
    if not run.writes:
        return
    step, best = progress.step, run.config.train.final_weights == "best"
    weights_step = progress.best_step if best else step
    logger.result(step, "test", test, weights_step)
    baselines = metrics.baselines(dataset) if run.config.train.baselines else {}
    card = {
        "task": TASK,
        **made_by,
        "signature": dataclasses.asdict(data.signature(dataset.facts)),
        "facts": dataset.facts,
        "weights_sha256": sha256_arrays(weights),
        "golden_sha256": sha256_arrays(named(inputs, outputs)),
        "data": {
            "name": dataset.name,
            "licence": dataset.licence,
            "train": len(dataset.train),
            "validation": len(dataset.validation),
            "test": len(dataset.test),
            "test_sha256": dataset.test.fingerprint(),
            "skipped": list(dataset.skipped),
            "notes": [text for text in dataset.notes if text.startswith(("note: ", "warning: "))],
            "source": dataset.source,
            "source_hash": dataset.source_hash,
        },
        "steps": step,
        "epochs": schedule.epoch(step),
        "weights_step": weights_step,
        "seconds": logger.seconds,
        "samples_per_second": logger.samples_per_second,
        "test": test,
        "baselines": baselines,
        "verdict": judge(test, baselines, run.metrics(), run.config.train, dataset.facts),
    }
    folder = run.path / "model"
    folder.mkdir(exist_ok=True)
    write_atomic(run.golden_file, safetensors.numpy.save(named(inputs, outputs)))
    write_atomic(run.weights, safetensors.numpy.save(weights))
    facts = json.dumps(dataset.facts, indent=2, ensure_ascii=False)
    write_atomic(folder / "schema.json", facts.encode())  # the card's facts, for people to read
    # The card comes last: where it is, everything else is.
    write_atomic(run.card_file, json.dumps(card, indent=2).encode())


def named(inputs: Mapping[str, np.ndarray], outputs: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Name inputs and outputs as the file of the golden rows does."""
    both = {"inputs": inputs, "outputs": outputs}
    return {
        f"{side}/{name}": np.ascontiguousarray(array)
        for side, arrays in both.items()
        for name, array in arrays.items()
    }
