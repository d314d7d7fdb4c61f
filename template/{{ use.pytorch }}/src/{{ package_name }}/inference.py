"""The trained network: loaded, and as a function from arrays to arrays."""

import safetensors.torch
import torch
from torch import Tensor, nn

from . import hardware, model, state
from .errors import UserError
from .model import build, saved
from .runs import Run
from .sharding import whole
from .signature import Batch, Predict, Signature, concatenate
from .storage import sha256_arrays


def load_module(run: Run, scaled_outside: bool = False) -> nn.Module:
    """Read a run's trained network as the module that is served, on the CPU.

    With `scaled_outside` it is the task's `ScaledModule`, for models of few bits. Raises UserError
    when the weights are damaged, have changed, or are another network's.
    """
    card = run.card()
    network = build(run.config, card["facts"])
    try:
        weights = safetensors.torch.load_file(run.weights)
        if sha256_arrays({n: w.numpy() for n, w in weights.items()}) != card["weights_sha256"]:
            raise UserError(f"the weights of run {run.name} are not those that it was trained to")
        state.fill(network, weights)
    except (RuntimeError, KeyError) as error:
        raise UserError(f"run {run.name} has another network; was model.py changed?") from error
    except (OSError, safetensors.SafetensorError) as error:
        raise UserError(f"the weights of run {run.name} do not load: {error}") from error
    kind = "ScaledModule" if scaled_outside else "ServingModule"  # the first is in few tasks
    module: nn.Module = getattr(model, kind)(network, card["facts"]).eval()
    return module


def load(run: Run) -> Predict:
    """Return the trained model as a function."""
    device = hardware.prepare(run.config.hardware)
    return as_function(load_module(run).to(device), run.signature(), device)


def as_function(module: nn.Module, signature: Signature, device: torch.device) -> Predict:
    """Make a function of the served module: in full precision, a bounded piece at a time.

    A task whose models can do more than that has an `as_function` of its own in `model.py`.
    """
    if own := getattr(model, "as_function", None):
        found: Predict = own(module, signature, device)
        return found

    def compute(inputs: Batch) -> Batch:
        tensors = (torch.from_numpy(array).to(device) for array in inputs.values())
        outputs: tuple[Tensor, ...] = module(*tensors)
        names = (tensor.name for tensor in signature.outputs)
        return {name: o.cpu().numpy() for name, o in zip(names, outputs, strict=True)}

    @torch.inference_mode()
    def predict(batch: Batch) -> Batch:
        module.eval()
        return concatenate([compute(piece) for piece in signature.pieces(batch)])

    return predict


def weights(network: nn.Module) -> Batch:
    """Return all that the network has learnt, by name, as arrays."""
    tensors = whole(saved(network))
    return {name: value.detach().cpu().contiguous().numpy() for name, value in tensors.items()}


def examples(signature: Signature, rows: int) -> tuple[Tensor, ...]:
    """Make inputs of zeros, in the signature's order, for exporters to trace with."""
    return tuple(torch.from_numpy(array) for array in signature.zeros(rows).values())
