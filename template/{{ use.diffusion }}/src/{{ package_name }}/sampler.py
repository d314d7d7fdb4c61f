"""From noise to images, with any trained model as a function. NumPy only; no framework here.

The model gives a velocity: where a noisy image has to move at a time from 0 (noise) to 1 (an
image). Following it is an ordinary differential equation, which Heun's method solves: a step by
the velocity at its begin, then again by the mean of the velocities at both ends. With guidance,
the velocity is moved away from the one without a label. `sampler.js` does the same in web pages.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .signature import Batch, Predict

TO_NUMBERS, TO_IMAGE = 2.0, 0.5  # images of 0 to 1 are -1 to 1 to the network


def draw(model: Predict, inputs: Batch, facts: Mapping[str, Any]) -> np.ndarray:
    """Draw an image for each row: float32 [n, height, width, channels], 0 to 1.

    `inputs` are noise as `images` and the numbers of `labels`, int32 [n, 1]. It may have `guidance`
    and `sampling_steps`, [n, 1]; those of the data's facts are used where it has none.
    Sources: X. Liu et al. (2022), Flow Straight and Fast, arXiv:2209.03003; J. Ho and T. Salimans
    (2022), Classifier-Free Diffusion Guidance, arXiv:2207.12598.
    """
    points: np.ndarray = inputs["images"].astype(np.float32)
    labels = inputs["labels"]
    given = inputs.get("sampling_steps")
    steps = int(facts["sampling_steps"] if given is None else given.max())
    guidance = inputs.get("guidance", np.full((len(points), 1), facts["guidance"], np.float32))
    length = np.float32(1 / steps)
    for step in range(steps):
        before = velocity(model, points, step / steps, labels, guidance, facts)
        if step + 1 == steps:
            points = points + length * before  # at the end, noise is gone: one velocity is enough
            break
        ahead = points + length * before
        after = velocity(model, ahead, (step + 1) / steps, labels, guidance, facts)
        points = points + length * (before + after) / np.float32(2)
    images: np.ndarray = np.clip((points + 1) * np.float32(TO_IMAGE), 0, 1)
    return images


def velocity(
    model: Predict,
    points: np.ndarray,
    time: float,
    labels: np.ndarray,
    guidance: np.ndarray,
    facts: Mapping[str, Any],
) -> np.ndarray:
    """Ask the model for the velocities at a time, with guidance where it is not 1."""
    times = np.full((len(points), 1), time, np.float32)
    if (guidance == 1).all():
        return model({"images": points, "times": times, "labels": labels})["velocities"]
    nothing = np.full_like(labels, len(facts["classes"]))
    both = {
        "images": np.concatenate([points, points]),
        "times": np.concatenate([times, times]),
        "labels": np.concatenate([labels, nothing]),
    }
    labelled, free = np.split(model(both)["velocities"], 2)
    share = guidance.astype(np.float32)[:, :, None, None]
    guided: np.ndarray = free + share * (labelled - free)
    return guided
