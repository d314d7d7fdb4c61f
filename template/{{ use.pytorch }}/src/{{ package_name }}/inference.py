"""The trained network as a function from arrays to arrays."""

from collections.abc import Callable

import numpy as np
import safetensors.torch
import torch
from torch import nn

from . import hardware
from .errors import UserError
from .model import Answer, Network
from .runs import Run

BATCH = 1024  # rows at once: bounds the memory


def load_network(run: Run) -> Network:
    """Read a run's trained network, on the CPU and ready to answer."""
    card = run.card()
    network = Network(run.config.model, tuple(card["input_shape"]), len(card["classes"]))
    try:
        network.load_state_dict(safetensors.torch.load_file(run.weights))
    except RuntimeError as error:
        raise UserError(f"run {run.name} has another network; was model.py changed?") from error
    except (OSError, safetensors.SafetensorError) as error:
        raise UserError(f"the weights of run {run.name} do not load: {error}") from error
    return network.eval()


def load(run: Run) -> Callable[[np.ndarray], np.ndarray]:
    """Return the trained model: inputs [n, ...] to outputs [n, ...], NumPy on both sides."""
    device = hardware.prepare(run.config.hardware)
    network = load_network(run).to(device)
    return lambda inputs: predict(network, inputs, device)


@torch.inference_mode()
def predict(network: nn.Module, inputs: np.ndarray, device: torch.device) -> np.ndarray:
    """Answer for `inputs` in full precision, some rows at a time."""
    answer = Answer(network).eval()
    parts = [
        answer(torch.from_numpy(inputs[first : first + BATCH]).to(device)).cpu().numpy()
        for first in range(0, len(inputs), BATCH)
    ]
    return np.concatenate(parts)
