"""Networks that know pictures by sight, from files that the user has: VGG (2014) and SqueezeNet 1.1 (2016), frozen.

Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition"; Iandola et al.,
"SqueezeNet: AlexNet-level accuracy with 50x fewer parameters". Recognised by torchvision's names of their tensors.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..core.checkpoint import read_state
from ..core.errors import BadInput, nearest

State = Mapping[str, Tensor]
Stages = dict[str, nn.Module]
"""Name of a layer -> what leads to it from the one before: from features to features, both before their activation."""

_VGG = {"VGG16": (2, 2, 3, 3, 3), "VGG19": (2, 2, 4, 4, 4)}
"""Convolutions between two poolings."""
_FIRES = {3: "fire2", 4: "fire3", 6: "fire4", 7: "fire5", 9: "fire6", 10: "fire7", 11: "fire8", 12: "fire9"}
"""Where torchvision has the modules that the paper calls so."""
_AFTER_POOLING = (3, 6, 9)
_LEAST = 32
"""Pixels of a side, below which a pooling would have nothing left."""
_CAFFE_MEAN = (104.0, 117.0, 123.0)
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Backbone(nn.Module):
    """Pictures -> features. It has no parameters to train and nothing of it is saved with what it serves."""

    def __init__(self, name: str, stages: Stages, caffe: bool) -> None:
        """`caffe` weights see blue first, on the scale of 255; torchvision's see standardised red first."""
        super().__init__()
        self.name, self.layers, self.caffe = name, tuple(stages), caffe
        self.stages = nn.ModuleList(stages.values())
        _freeze(self)

    def forward(self, picture: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
        """(N, 3, H, W) RGB or (N, 1, H, W) luma, as networks make it -> each layer's features before activation."""
        wanted, found = set(layers), {}
        x = self._seen(picture)
        for name, stage in zip(self.layers, self.stages, strict=True):
            x = stage(x)
            if name in wanted:
                found[name] = x
            if len(found) == len(wanted):
                break
        return found

    def require(self, layers: Iterable[str]) -> None:
        """Raise BadInput for a layer that it does not have."""
        for layer in layers:
            if layer not in self.layers:
                raise BadInput(f"{self.name} has no layer '{layer}'; {nearest(layer, self.layers)}")

    def _seen(self, picture: Tensor) -> Tensor:
        """The picture as the network was shown pictures when it was trained."""
        if picture.shape[1] == 1:
            picture = ((picture * 255 - 16) / 219).expand(-1, 3, -1, -1)
        height, width = picture.shape[2:]
        picture = F.pad(picture, (0, max(0, _LEAST - width), 0, max(0, _LEAST - height)), mode="replicate")
        if self.caffe:
            return picture.flip(1) * 255 - _column(_CAFFE_MEAN, picture)
        return (picture - _column(_MEAN, picture)) / _column(_DEVIATION, picture)


def load_backbone(path: Path) -> Backbone:
    """Read a VGG16, VGG19 or SqueezeNet 1.1; weights are of Caffe where the file's name says so.

    Raises BadInput for a file that is missing, damaged, unsafe, or holds another network.
    """
    state = read_state(path)
    try:
        name, stages = _squeezenet(state) or _vgg(state) or ("", {})
    except (KeyError, RuntimeError, IndexError) as error:
        raise BadInput(f"{path} has the names of a known backbone, but not its shapes: {error}") from error
    if not stages:
        raise BadInput(f"{path} is no backbone known here: VGG16, VGG19 or SqueezeNet 1.1 in torchvision's names")
    return Backbone(name, stages, "caffe" in path.stem.lower())


def _vgg(state: State) -> tuple[str, Stages] | None:
    found = {key for key in state if key.startswith("features.")}
    for name, blocks in _VGG.items():
        places = _places(blocks)
        if found == {f"features.{place}.{part}" for place in places.values() for part in ("weight", "bias")}:
            convs = {layer: _conv(state, f"features.{place}", padding=1) for layer, place in places.items()}
            return name, {layer: nn.Sequential(*_before(layer), conv) for layer, conv in convs.items()}
    return None


def _places(blocks: Iterable[int]) -> dict[str, int]:
    """Each convolution's name in the paper's manner, and its place among torchvision's layers."""
    places, place = {}, 0
    for block, count in enumerate(blocks, 1):
        for number in range(1, count + 1):
            places[f"conv{block}_{number}"] = place
            place += 2
        place += 1
    return places


def _before(layer: str) -> list[nn.Module]:
    if layer == "conv1_1":
        return []
    return [nn.ReLU(), nn.MaxPool2d(2)] if layer.endswith("_1") else [nn.ReLU()]


def _squeezenet(state: State) -> tuple[str, Stages] | None:
    if "features.12.expand3x3.weight" not in state or "features.3.squeeze.weight" not in state:
        return None
    stages: Stages = {"conv1": _conv(state, "features.0", stride=2)}
    for place, name in _FIRES.items():
        pooling = [nn.MaxPool2d(3, 2, ceil_mode=True)] if place in _AFTER_POOLING else []
        stages[name] = nn.Sequential(nn.ReLU(), *pooling, _Fire(state, f"features.{place}"))
    return "SqueezeNet 1.1", stages


class _Fire(nn.Module):
    """A narrow 1x1 convolution and two wide ones side by side."""

    def __init__(self, state: State, name: str) -> None:
        super().__init__()
        self.squeeze, self.expand1 = _conv(state, f"{name}.squeeze"), _conv(state, f"{name}.expand1x1")
        self.expand3 = _conv(state, f"{name}.expand3x3", padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.squeeze(x))
        return torch.cat((self.expand1(x), self.expand3(x)), 1)


def _conv(state: State, name: str, stride: int = 1, padding: int = 0) -> nn.Conv2d:
    weight = state[f"{name}.weight"]
    conv = nn.Conv2d(weight.shape[1], weight.shape[0], weight.shape[2], stride, padding)
    conv.load_state_dict({"weight": weight.float(), "bias": state[f"{name}.bias"].float()})
    return conv


def _freeze(network: nn.Module) -> None:
    """Make its weights constants, which move with it from device to device and are neither trained nor saved."""
    for layer in network.modules():
        for name, weight in list(layer.named_parameters(recurse=False)):
            delattr(layer, name)
            layer.register_buffer(name, weight.detach(), persistent=False)


def _column(values: tuple[float, ...], like: Tensor) -> Tensor:
    return like.new_tensor(values).reshape(1, -1, 1, 1)
