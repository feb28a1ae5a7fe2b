"""RIFE 4, intermediate flow for any moment between two frames, with context refinement (Huang et al. 2022)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..core.blocks import zero_bias
from ..core.motion import Between, Motion, mix, warp
from ..core.options import Count
from ..core.spec import Model, ModelSpec, State

Frames = tuple[Tensor, Tensor]

_FLOWS, _MASK = 4, 1
_SHRINK = {"coarsest": 8, "coarse": 4, "middle": 2, "fine": 1}
"""Each block, and by what factor it shrinks what it sees before its own convolutions shrink it by four."""
_LEVELS = 4
"""Sizes at which the refinement sees the frames, each half the one before."""
_SLOPE = 0.25
"""Of PReLU at the start."""
_ALIGN = 64
"""The layers need 32; the published scores are those of sides padded to 64."""


@dataclass(frozen=True)
class Options:
    """Hyper-parameters; the defaults are the published network."""

    coarsest: Count = 192
    """Channels of the block that works at 1/32 of the frame's size; `coarse` 1/16, `middle` 1/8, `fine` 1/4."""
    coarse: Count = 128
    middle: Count = 96
    fine: Count = 64
    depth: Count = 8
    """3x3 convolutions in a block's body."""
    context: Count = 16
    """Channels of the refinement at half the frame's size; twice as many at each half of that."""
    refine: bool = True
    """Whether a U-Net corrects the picture that the motion gives."""


def _conv(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(inputs, outputs, 3, stride, 1)
    nn.init.kaiming_normal_(conv.weight, a=_SLOPE)
    return nn.Sequential(conv, nn.PReLU(outputs, _SLOPE))


def _halving(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(_conv(inputs, outputs, 2), _conv(outputs, outputs))


def _doubling(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.ConvTranspose2d(inputs, outputs, 4, 2, 1), nn.PReLU(outputs))


def _resized(x: Tensor, factor: float) -> Tensor:
    return x if factor == 1 else F.interpolate(x, scale_factor=factor, mode="bilinear")


class Block(nn.Module):
    """(N, inputs, H, W) -> what to add to flows and mask, (N, 5, H, W); nothing before it is trained.

    Flows are in pixels of the full size outside and of the size that the block works at inside.
    """

    def __init__(self, inputs: int, channels: int, depth: int, shrink: int) -> None:
        super().__init__()
        self.shrink = shrink
        half = (channels + 1) // 2
        self.first = nn.Sequential(_conv(inputs, half, 2), _conv(half, channels, 2))
        self.body = nn.Sequential(*(_conv(channels, channels) for _ in range(depth)))
        self.trunk = nn.Identity()
        self.head = nn.ConvTranspose2d(channels, _FLOWS + _MASK, 4, 2, 1)
        nn.init.zeros_(self.head.weight)
        zero_bias(self.head)

    def forward(self, seen: Tensor, flows: Tensor | None = None) -> Tensor:
        """`seen` is all but the flows so far; float32 comes out whatever the convolutions compute in."""
        x = seen if flows is None else torch.cat((seen, flows / self.shrink), 1)
        features = self.first(_resized(x, 1 / self.shrink))
        change = _resized(self.head(self.trunk(self.body(features) + features)).float(), 2 * self.shrink)
        return torch.cat((change[:, :_FLOWS] * (2 * self.shrink), change[:, _FLOWS:]), 1)


class Refinement(nn.Module):
    """Both frames and the motion -> what to add to the picture that they give, (N, 3, H, W) in (-1, 1).

    A U-Net that at each smaller size also sees features of both frames, warped to where they belong.
    """

    def __init__(self, context: int) -> None:
        super().__init__()
        widths = [context * 2**level for level in range(_LEVELS)]
        seen = [4 * 3 + _MASK + _FLOWS, *(4 * width for width in widths)]
        self.context = nn.ModuleList(_halving(*channels) for channels in pairwise([3, *widths]))
        self.down = nn.ModuleList(_halving(inputs, 2 * width) for inputs, width in zip(seen[:-1], widths, strict=True))
        self.up = nn.ModuleList(_doubling(4 * width, width) for width in reversed(widths))
        self.last = nn.Conv2d(context, 3, 3, padding=1)
        nn.init.zeros_(self.last.weight)
        zero_bias(self.last)

    def forward(self, frames: Frames, warped: Frames, motion: Motion) -> Tensor:
        """Sides must be multiples of 16."""
        early, late = self._features(frames[0], motion.before), self._features(frames[1], motion.after)
        x = torch.cat((*frames, *warped, motion.mask, motion.before, motion.after), 1)
        skips = []
        for down, ours, theirs in zip(self.down, early, late, strict=True):
            x = down(x)
            skips.append(x)
            x = torch.cat((x, ours, theirs), 1)
        x = self.up[0](x)
        for up, skip in zip(self.up[1:], skips[-2::-1], strict=True):
            x = up(torch.cat((x, skip), 1))
        # Published as 2 * sigmoid - 1, which is the same function.
        return torch.tanh(self.last(x).float() / 2)

    def _features(self, frame: Tensor, flow: Tensor) -> list[Tensor]:
        """One frame's features at each smaller size, warped by the flow at that size."""
        found = []
        for halve in self.context:
            frame, flow = halve(frame), _resized(flow, 0.5) / 2
            found.append(warp(frame, flow))
        return found


class RIFE(nn.Module):
    """Two RGB frames (N, 3, H, W) in [0, 1] and `t` (N,) in (0, 1) -> the picture between them.

    Each block sees the frames warped by the motion so far, and the motion, and corrects it.
    """

    def __init__(self, options: Options) -> None:
        super().__init__()
        frames, known = 2 * 3 + 1, 2 * 3 + 1 + _MASK + _FLOWS
        self.coarsest = Block(frames, options.coarsest, options.depth, _SHRINK["coarsest"])
        self.coarse = Block(known, options.coarse, options.depth, _SHRINK["coarse"])
        self.middle = Block(known, options.middle, options.depth, _SHRINK["middle"])
        self.fine = Block(known, options.fine, options.depth, _SHRINK["fine"])
        self.refinement = Refinement(options.context) if options.refine else None

    def forward(self, before: Tensor, after: Tensor, t: Tensor) -> Between:
        """Sides must be multiples of 32."""
        moment = t.reshape(-1, 1, 1, 1).expand(-1, -1, *before.shape[2:])
        found = self.coarsest(torch.cat((before, after, moment), 1))
        motions = [_motion(found)]
        for block in (self.coarse, self.middle, self.fine):
            seen = (*_warped(before, after, motions[-1]), moment, motions[-1].mask)
            found = found + block(torch.cat(seen, 1), found[:, :_FLOWS])
            motions.append(_motion(found))
        warped = _warped(before, after, motions[-1])
        picture = mix(*warped, motions[-1].mask)
        if self.refinement is not None:
            picture = picture + self.refinement((before, after), warped, motions[-1])
        return Between(picture, tuple(motions), found)


def _motion(found: Tensor) -> Motion:
    return Motion(found[:, :2], found[:, 2:_FLOWS], found[:, _FLOWS:])


def _warped(before: Tensor, after: Tensor, motion: Motion) -> Frames:
    return warp(before, motion.before), warp(after, motion.after)


def _reach(options: Options) -> int:
    """The first two convolutions of a block reach 3 of the pixels it sees, each of its body 4, its head 4 and the
    enlarging 2; the shrinking reaches half a pixel. Each level of the refinement reaches 3 pixels down and 2 up.
    """
    blocks = sum(shrink * (4 * options.depth + 9) + shrink // 2 for shrink in _SHRINK.values())
    return blocks + (5 * (2**_LEVELS - 1) + 1 if options.refine else 0)


def _spec(options: Options) -> ModelSpec:
    return ModelSpec(
        task="interpolate",
        build=lambda: RIFE(options),
        inputs=("before", "after", "t"),
        output="between",
        channels=3,
        scale=1,
        align=_ALIGN,
        reach=_reach(options),
        taps={name: f"{name}.trunk" for name in _SHRINK},
        split=not options.refine,
    )


# Published prefix -> ours.
_PREFIXES = {
    **{
        f"block{index}.{theirs}.": f"{block}.{ours}."
        for index, block in enumerate(_SHRINK)
        for theirs, ours in [("conv0", "first"), ("convblock", "body"), ("lastconv", "head")]
    },
    **{
        f"{theirs}{level + first}.conv{step + 1}.": f"refinement.{ours}.{level}.{step}."
        for theirs, ours, first in [("contextnet.conv", "context", 1), ("unet.down", "down", 0)]
        for level in range(_LEVELS)
        for step in range(2)
    },
    **{f"unet.up{level}.": f"refinement.up.{level}." for level in range(_LEVELS)},
    "unet.conv.": "refinement.last.",
}
_PRIVILEGED = "block_tea."
"""A block that sees the truth, for training only."""


def _rename(name: str) -> str:
    for theirs, ours in _PREFIXES.items():
        if name.startswith(theirs):
            return ours + name.removeprefix(theirs)
    return name


def _adopt(state: State, _scale: int | None) -> tuple[Options, dict[str, Tensor]] | None:
    renamed = {_rename(name): value for name, value in state.items() if not name.startswith(_PRIVILEGED)}
    shapes = {name: value.shape for name, value in renamed.items()}
    channels = {block: size for block in _SHRINK for size in shapes.get(f"{block}.first.1.0.bias", ())}
    context = shapes.get("refinement.context.0.0.0.bias")
    depth = sum(re.fullmatch(r"coarsest\.body\.\d+\.0\.bias", name) is not None for name in shapes)
    if len(channels) != len(_SHRINK) or not depth:
        return None
    width = context[0] if context else Options.context
    options = Options(**channels, depth=depth, context=width, refine=bool(context))
    with torch.device("meta"):
        expected = RIFE(options).state_dict()
    return (options, renamed) if shapes == {name: value.shape for name, value in expected.items()} else None


MODEL = Model(Options, _spec, adopt=_adopt)
