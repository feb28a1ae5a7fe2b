"""What callers must know of a network, so that none of them asks for its class."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from .errors import BadInput
from .facts import Sampling

if TYPE_CHECKING:
    from torch import Tensor, nn

Task = Literal["upscale", "interpolate"]
State = Mapping[str, "Tensor"]
TRUTH = "truth"
"""The input that is the picture to be made: (N, channels, scale*H, scale*W)."""


@dataclass(frozen=True)
class ModelSpec:
    """The facts of one network with its options fixed.

    Networks take and give NCHW float32 in [0, 1]: RGB where `channels` is 3, BT.601 luma
    (limited range, Y/255) where it is 1. One that interpolates takes `before`, `after` and `t` (N,)
    in (0, 1), and gives a `motion.Between`.
    """

    task: Task
    build: Callable[[], nn.Module]
    inputs: tuple[str, ...]
    output: str
    channels: int
    scale: int
    """Output pixels for an input pixel, along each side."""
    align: int
    """Input height and width must be a multiple of this."""
    reach: int
    """Radius of the receptive field in input pixels: the halo that makes tiles exact. An interpolator sees further,
    by as much as things move."""
    taps: Mapping[str, str]
    """Public name of a feature map -> dotted path of the module that makes it."""
    head: str = ""
    """Dotted path of the module that makes the picture of the features, and alone depends on the scale; empty where
    there is none."""
    split: bool = False
    """Whether the picture is no more than both frames warped and mixed by the network's last motion,
    so that a graph may give the motion, enlarged or as it was found, and leave the rest to its caller."""
    sampling: Sampling = "bilinear"
    """How that warping fetches the frames' pixels."""

    @property
    def privileged(self) -> bool:
        """Whether it sees the picture that it is to make: it can teach, and never run."""
        return TRUTH in self.inputs

    def blank(self, height: int, width: int) -> tuple[Tensor, ...]:
        """Black frames of this size, one sample, and the moment half way where the network asks for one."""
        import torch

        sides = {name: self.scale if name == TRUTH else 1 for name in self.inputs}
        return tuple(
            torch.full((1,), 0.5) if name == "t" else torch.zeros(1, self.channels, side * height, side * width)
            for name, side in sides.items()
        )


class Inside(NamedTuple):
    """A network of the catalog that is part of another."""

    name: str
    options: Any
    path: str
    """Dotted path of its module."""


@dataclass(frozen=True)
class Model:
    """What a file in `teachers/` or `students/` registers as `MODEL`."""

    options: type
    """A frozen dataclass: the network's hyper-parameters with their defaults."""
    spec: Callable[[Any], ModelSpec]
    deploy: Callable[[nn.Module], nn.Module] = field(default=lambda network: network)
    """The trained network -> the one to export, same function of its input."""
    adopt: Callable[[State, int | None], tuple[Any, dict[str, Tensor]] | None] = field(default=lambda *_: None)
    """A foreign state dict -> (options, state dict in our names), or None if it is another network's.

    The second argument is the scale, where the user or the file name gives one; a network whose
    tensors do not tell theirs needs it, and raises BadInput without.
    """
    inside: Callable[[Any], Inside | None] = field(default=lambda _: None)
    """Options -> the student that the network is built round, for a run of that student to start from."""


def refuse_other_scale(model: object, task: Task, scale: int, asked: int | None) -> None:
    """Raise BadInput when a scale is asked of a model that has another, or none."""
    if asked not in (None, scale):
        told = f"upscales x{scale}, not x{asked}" if task == "upscale" else "interpolates: it has no scale"
        raise BadInput(f"{model} {told}")
