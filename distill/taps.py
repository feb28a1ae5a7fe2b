"""Features of a network by their public names, without editing the network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from ..core.errors import BadInput, nearest
from ..core.facts import Sampling
from ..core.motion import Between, Motion
from ..core.spec import ModelSpec


@dataclass(frozen=True)
class Outputs:
    """What one forward pass gave."""

    picture: Tensor
    """(N, C, H, W), about [0, 1], not clipped."""
    taps: Mapping[str, Tensor]
    """Public name -> (N, C', H', W')."""
    motions: tuple[Motion, ...] = ()
    """What each block of an interpolator knew, the coarsest first."""
    sampling: Sampling = "bilinear"
    """How the picture was fetched by the last of them."""

    def to(self, device: torch.device) -> Outputs:
        """The same outputs on a device."""
        return self._each(lambda tensor: tensor.to(device))

    def first(self, count: int) -> Outputs:
        """Those of the first `count` samples."""
        return self._each(lambda tensor: tensor[:count])

    def detached(self) -> Outputs:
        """The same outputs, through which no gradient comes back."""
        return self._each(Tensor.detach)

    def _each(self, change: Callable[[Tensor], Tensor]) -> Outputs:
        taps = {name: change(tap) for name, tap in self.taps.items()}
        motions = tuple(Motion(*(change(part) for part in motion)) for motion in self.motions)
        return replace(self, picture=change(self.picture), taps=taps, motions=motions)


class Tapped:
    """A network that also hands out the features named in `taps`."""

    def __init__(self, network: nn.Module, spec: ModelSpec, taps: Iterable[str], whose: str) -> None:
        """`whose` calls the network in messages. Raises BadInput for a feature it does not have."""
        self.network = network
        self._sampling: Sampling = spec.sampling
        self._caught: dict[str, Tensor] = {}
        for name in sorted(taps):
            if name not in spec.taps:
                raise BadInput(f"{whose} has no feature '{name}'; {nearest(name, spec.taps)}")
            network.get_submodule(spec.taps[name]).register_forward_hook(self._catch(name))

    def _catch(self, name: str):
        def hook(_module: nn.Module, _inputs: tuple, output: Tensor) -> None:
            self._caught[name] = output

        return hook

    def __call__(self, *inputs: Tensor) -> Outputs:
        """Run the network on its inputs, the first of them (N, C, H, W)."""
        made = self.network(*inputs)
        caught, self._caught = self._caught, {}
        if isinstance(made, Between):
            return Outputs(made.picture, caught, made.motions, self._sampling)
        return Outputs(made, caught)
