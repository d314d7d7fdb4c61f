"""A pretrained network with a new last layer, of https://huggingface.co/docs/timm."""

import pickle
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from . import features
from .dataset import Split
from .errors import UserError
from .fine_tuning import in_quarters
from .task import ModelSettings


class Backbone(nn.Module):
    """The pretrained network, with what its images are normalised by."""

    mean: Tensor
    std: Tensor

    def __init__(self, network: nn.Module, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.tensor(mean).view(1, -1, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(1, -1, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        """Map images [n, height, width, channels] in 0..1, or features, to logits [n, classes]."""
        if images.ndim == 2:
            logits: Tensor = self.head()(images)
        else:
            logits = self.network(self.normalised(images))
        return logits

    def normalised(self, images: Tensor) -> Tensor:
        """Turn images into what the network has learnt from, [n, channels, height, width]."""
        pixels = images.permute(0, 3, 1, 2)
        if pixels.shape[1] == 1:  # grey: it has learnt from three channels
            pixels = torch.cat([pixels] * self.mean.shape[1], dim=1)
        return (pixels - self.mean) / self.std

    def features(self, images: Tensor) -> Tensor:
        """Map images to what the last layer gets, [n, features]."""
        maps = self.network.forward_features(self.normalised(images))  # type: ignore[operator]
        features: Tensor = self.network.forward_head(maps, pre_logits=True)  # type: ignore[operator]
        return features

    def head(self) -> nn.Module:
        """Return the last layer: features to logits."""
        layer: nn.Module = self.network.get_classifier()  # type: ignore[operator]
        return layer

    def train(self, mode: bool = True) -> "Backbone":
        """Switch to training, but for BatchNorm: its statistics are those of far more images."""
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self

    def groups(self) -> list[list[nn.Parameter]]:
        """Return the parameters: the quarters of the backbone from its input on, the new layer."""
        head = list(self.head().parameters())
        new = {id(parameter) for parameter in head}
        return [*in_quarters([p for p in self.parameters() if id(p) not in new]), head]


def build(settings: ModelSettings, shape: Sequence[int], classes: int) -> Backbone:
    """Build the network with new weights; UserError when timm has none of its name or size."""
    timm = load_timm()
    name = settings.backbone
    if not timm.is_model(name):
        near = ", ".join(timm.list_models(f"*{name}*")[:5])
        raise UserError(
            f"timm has no network {name!r}; "
            + (f"it has {near}" if near else "`backbone` takes a name that timm.list_models() has")
        )
    network = timm.create_model(name, num_classes=classes)
    about = network.pretrained_cfg
    size = about["input_size"][1]
    if about.get("fixed_input_size") and [size, size] != list(shape[:2]):
        raise UserError(f"{name} takes images of one size: set image_size = {size}")
    return Backbone(network, about["mean"], about["std"])


def initialize(network: Backbone, settings: ModelSettings) -> None:
    """Fill in the pretrained weights, all but the last layer's; UserError when they do not load."""
    timm, name = load_timm(), settings.backbone
    source: dict[str, Any] = {}
    if settings.backbone_weights:
        source = {"state_dict": read_weights(Path(settings.backbone_weights).expanduser())}
    classes = network.network.num_classes
    try:
        trained = timm.create_model(
            name, pretrained=True, pretrained_cfg_overlay=source, num_classes=classes
        )
    except Exception as error:  # of timm, of the hub and of its client: no narrower base
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        where = settings.backbone_weights or "its hub; name a file with `backbone_weights`"
        raise UserError(f"the weights of {name} do not load from {where}: {reason}") from error
    network.network.load_state_dict(trained.state_dict())
    print(f"starts from {starts_from(settings)}", file=sys.stderr)


def starts_from(settings: ModelSettings) -> str:
    """Say which weights a network begins with, and their licence as far as it is known."""
    if settings.backbone_weights:
        file = Path(settings.backbone_weights).name
        return f"{settings.backbone}, weights from the file {file}, licence unknown"
    about = load_timm().get_pretrained_cfg(settings.backbone)
    licence = about.license or "licence unknown"
    return f"{settings.backbone}, weights from {about.hf_hub_id}, {licence}"


def precompute(network: Backbone, split: Split) -> Split:
    """Compute the features of a split; the split as it is where the network has no such layer."""

    def function(images: np.ndarray) -> np.ndarray:
        pixels = torch.from_numpy(images).to(network.mean.device).float() / 255
        features: np.ndarray = network.features(pixels).cpu().numpy()
        return features

    network.eval()
    with torch.inference_mode():
        few = torch.from_numpy(split.rows(np.arange(1))["images"]).to(network.mean.device) / 255
        found = network.head()(network.features(few))
        if not torch.allclose(found, network(few), rtol=1e-3, atol=1e-4):
            return split  # such as networks with more than a layer after the features
        return features.compute(split, function)


def read_weights(file: Path) -> dict[str, Tensor]:
    """Read weights by name from a safetensors or a .pth file; UserError when it is neither."""
    try:
        if file.suffix == ".safetensors":
            return safetensors.torch.load_file(file)
        found: dict[str, Tensor] = torch.load(file, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise UserError(f"there is no file {file}; `backbone_weights` names one") from error
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError, SafetensorError) as error:
        kinds = "a safetensors file, or what torch.save made of a state_dict"
        raise UserError(f"{file} is damaged or no file of weights; it may be {kinds}") from error
    return found


def load_timm() -> ModuleType:
    """Import timm where a backbone is asked for: it takes seconds."""
    try:
        import timm
    except ImportError as error:
        raise UserError("a backbone needs the package timm: `uv add timm`") from error
    return timm
