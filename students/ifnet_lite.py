"""IFNet-lite: motion for any moment between two frames, found coarse to fine in three small blocks (after RIFE).

What moves far is looked for in smaller copies of the frames first, by the same blocks (as in UPR-Net, Jin et al. 2023).
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from ..core.blocks import conv_relu, zero_bias
from ..core.facts import Sampling
from ..core.motion import Between, Motion, fuse, warp
from ..core.options import Count
from ..core.spec import Model, ModelSpec

_COARSEST = 16
_FLOWS, _MASK = 4, 1
_SAMPLING: Sampling = "bicubic"
"""Of the frames, for the picture: bilinear fetching blurs what moves by parts of a pixel."""

_NEAREST = 1e-3
"""To a given frame, where the mask is finite still."""


@dataclass(frozen=True)
class Options:
    """Channels; multiples of 16 are what CPUs and TensorRT like."""

    stem: Count = 16
    """At half the frame's size."""
    quarter: Count = 32
    """Of the features of one frame at a quarter of its size, and so on."""
    eighth: Count = 32
    sixteenth: Count = 64
    coarse: Count = 64
    """Of the block that works at a sixteenth of the frame's size, and so on."""
    middle: Count = 64
    fine: Count = 48
    depth: Count = 3
    """3x3 convolutions inside each block, between its first and its head."""
    halvings: Annotated[int, Field(ge=0, le=4)] = 0
    """How often the frames are halved, each of which doubles the motion that can be followed."""


class Halved(nn.Sequential):
    """Features of a copy of the frame, halved so often."""

    def forward(self, frame: Tensor, often: int) -> Tensor:  # type: ignore[override]
        """Halve, and look."""
        return super().forward(F.avg_pool2d(frame, 1 << often))


class Strided(nn.Module):
    """The same function without the copies, for engines are slow to make maps of three channels.

    A convolution of means of squares is one of what they are means of, in longer strides.
    """

    def __init__(self, halved: Halved, halvings: int) -> None:
        super().__init__()
        look, *rest = halved
        assert isinstance(look, nn.Sequential)
        stem, relu = look
        assert isinstance(stem, nn.Conv2d)
        self.stems = nn.ModuleList(_strided(stem, 1 << often) for often in range(halvings + 1))
        self.rest = nn.Sequential(relu, *rest)

    def forward(self, frame: Tensor, often: int) -> Tensor:
        """Look in strides."""
        return self.rest(self.stems[often](frame))


def _strided(conv: nn.Conv2d, side: int) -> nn.Conv2d:
    """A convolution, of means of `side` x `side` pixels, as one of the pixels."""
    (kernel, _), (stride, _) = conv.kernel_size, conv.stride
    wide = nn.Conv2d(conv.in_channels, conv.out_channels, side * kernel, side * stride, side * (kernel // 2))
    weight = conv.weight.detach().repeat_interleave(side, 2).repeat_interleave(side, 3) / side**2
    wide.load_state_dict({"weight": weight, "bias": conv.state_dict()["bias"]})
    return wide


class Joined(nn.Sequential):
    """A convolution of features and of what is known, one after the other, and what follows it."""

    def forward(self, *maps: Tensor) -> Tensor:  # type: ignore[override]
        """Join them."""
        return super().forward(torch.cat(maps, 1))


class Parted(nn.Module):
    """The same function, each with a convolution of its own.

    int8 has one range for all that it joins, and features and flows have none in common. On CPUs without
    AMX OpenVINO even mixes up 8-bit maps that are joined in odd numbers of channels.
    """

    def __init__(self, joined: Joined, known: int) -> None:
        super().__init__()
        conv = joined[0]
        assert isinstance(conv, nn.Conv2d)
        self.features = nn.Conv2d(conv.in_channels - known, conv.out_channels, 3, padding=1)
        self.known = nn.Conv2d(known, conv.out_channels, 3, padding=1, bias=False)
        features, rest = conv.weight.detach().split((conv.in_channels - known, known), 1)
        self.features.load_state_dict({"weight": features, "bias": conv.state_dict()["bias"]})
        self.known.load_state_dict({"weight": rest})

    def forward(self, features: Tensor, known: Tensor) -> Tensor:
        """Add up what each gives."""
        return F.relu(self.features(features) + self.known(known))


class Block(nn.Module):
    """Features and what is known, if anything is, (N, ..., h, w) -> what to add to flows and mask, (N, 5, 2h, 2w).

    Nothing before it is trained.
    """

    def __init__(self, features: int, known: int, channels: int, depth: int) -> None:
        super().__init__()
        self.known = known
        self.first: nn.Module = Joined(*conv_relu(features + known, channels))
        self.body = nn.Sequential(*(conv_relu(channels, channels) for _ in range(depth)))
        self.trunk = nn.Identity()
        self.head = nn.Conv2d(channels, 4 * (_FLOWS + _MASK), 3, padding=1)
        nn.init.zeros_(self.head.weight)
        zero_bias(self.head)

    def forward(self, *maps: Tensor) -> Tensor:
        """The change; in float32 at least, whatever the convolutions compute in, for a flow needs its digits."""
        features = self.first(*maps)
        found = F.pixel_shuffle(self.head(self.trunk(self.body(features) + features)), 2)
        return found.to(torch.promote_types(found.dtype, torch.float32))


class IFNetLite(nn.Module):
    """Two RGB frames (N, 3, H, W) in [0, 1] and `t` (N,) in (0, 1) -> the picture between them.

    Each frame gets features at 1/4, 1/8 and 1/16 of its size, once. A block at each size, the coarsest
    first, sees both frames' features, warped by the motion so far, and corrects it: warps are of small
    maps, and only the last is of the frames, bicubic. Motion is found at half size and enlarged.

    With `halvings` the coarse block looks at the smallest copies of the frames, the middle one at each copy in turn,
    and the fine one at the frames alone.

    Motion is found for the half and taken to be even, so that at other moments it is a share of that.
    """

    gains: Tensor
    slopes: Tensor
    offsets: Tensor
    mask: Tensor

    def __init__(self, options: Options) -> None:
        super().__init__()
        self.halvings = options.halvings
        self.quarter: nn.Module = Halved(conv_relu(3, options.stem, 2), conv_relu(options.stem, options.quarter, 2))
        self.eighth = conv_relu(options.quarter, options.eighth, 2)
        self.sixteenth = conv_relu(options.eighth, options.sixteenth, 2)
        known = _FLOWS + _MASK
        self.coarse = Block(2 * options.sixteenth, 0, options.coarse, options.depth)
        self.middle = Block(2 * options.eighth, known, options.middle, options.depth)
        self.fine = Block(2 * options.quarter, known, options.fine, options.depth)
        # Where they are used from the start: what a CUDA graph captures may copy nothing from the host.
        each = {
            "gains": [2.0, 2.0, 2.0, 2.0, 1.0],
            "slopes": [2.0, 2.0, -2.0, -2.0, 0.0],
            "offsets": [0.0, 0.0, 2.0, 2.0, 1.0],
            "mask": [0.0, 0.0, 0.0, 0.0, 1.0],
        }
        for name, values in each.items():
            self.register_buffer(name, torch.tensor(values)[:, None, None], persistent=False)

    def forward(self, before: Tensor, after: Tensor, t: Tensor) -> Between:
        """Sides must be multiples of 16, doubled with each halving."""
        moment = t.reshape(-1, 1, 1, 1)
        quarters = [(self.quarter(before, often), self.quarter(after, often)) for often in range(self.halvings + 1)]
        eighths = [(self.eighth(early), self.eighth(late)) for early, late in quarters]
        early, late = eighths[-1]
        found = self.coarse(torch.cat((self.sixteenth(early), self.sixteenth(late)), 1))
        motions = [_motion(self._at(moment, found), 8 << self.halvings)]
        for halvings, features in reversed([*enumerate(eighths)]):
            found = self._corrected(self.middle, *features, found)
            motions.append(_motion(self._at(moment, found), 4 << halvings))
        found = self._at(moment, self._corrected(self.fine, *quarters[0], found))
        motions.append(_motion(self._enlarged(found), 1))
        return Between(fuse(before, after, motions[-1], _SAMPLING), tuple(motions), found * self.gains)

    def _at(self, moment: Tensor, found: Tensor) -> Tensor:
        """Flows and mask for the half -> for `t`: a nearer frame is less of the way off, and counts for more."""
        inside = moment.clamp(_NEAREST, 1 - _NEAREST)
        return found * (moment * self.slopes + self.offsets) + self.mask * torch.log((1 - inside) / inside)

    def _corrected(self, block: nn.Module, early: Tensor, late: Tensor, found: Tensor) -> Tensor:
        """What was found so far at the size of these features -> what is found now, at twice that size."""
        warped = (warp(early, found[:, :2]), warp(late, found[:, 2:_FLOWS]))
        return self._enlarged(found) + block(torch.cat(warped, 1), found)

    def _enlarged(self, found: Tensor) -> Tensor:
        """Flows and mask at twice the size, flows in pixels of that size."""
        return F.interpolate(found * self.gains, scale_factor=2.0, mode="bilinear")


def _motion(found: Tensor, factor: int) -> Motion:
    """In pixels of the frame, `factor` times the size."""
    return Motion(found[:, :2] * factor, found[:, 2:_FLOWS] * factor, found[:, _FLOWS:])


def _reach(options: Options) -> int:
    """A convolution at 1/k of the size reaches k pixels further; each enlarging by two half of one more."""
    stem = 1 + 2 + 4 + 8
    block = options.depth + 2
    sizes = [16 << options.halvings, *(8 << halvings for halvings in range(options.halvings + 1)), 4]
    return (stem << options.halvings) + sum(sizes) * (block + 1)


def _spec(options: Options) -> ModelSpec:
    return ModelSpec(
        task="interpolate",
        build=lambda: IFNetLite(options),
        inputs=("before", "after", "t"),
        output="between",
        channels=3,
        scale=1,
        align=_COARSEST << options.halvings,
        reach=_reach(options),
        taps={"coarse": "coarse.trunk", "middle": "middle.trunk", "fine": "fine.trunk"},
        split=True,
        sampling=_SAMPLING,
    )


def _deploy(network: nn.Module) -> nn.Module:
    deployed = copy.deepcopy(network)
    assert isinstance(deployed, IFNetLite)
    if isinstance(deployed.quarter, Halved):
        deployed.quarter = Strided(deployed.quarter, deployed.halvings)
    for block in deployed.modules():
        if isinstance(block, Block) and block.known and isinstance(block.first, Joined):
            block.first = Parted(block.first, block.known)
    return deployed


MODEL = Model(Options, _spec, _deploy)
