"""What every network in a catalog must hold to; a new file in its folder is tested by being there."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, product
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
import torch
from pocketlens.core import checkpoint
from pocketlens.core.catalog import Catalog
from pocketlens.core.motion import Between, fuse
from pocketlens.core.spec import TRUTH, Model, ModelSpec, Task
from pocketlens.distill.taps import Tapped
from torch import Tensor, nn

SMALL = 3


@dataclass(frozen=True)
class Case:
    """One small network."""

    name: str
    model: Model
    options: Any

    @property
    def spec(self) -> ModelSpec:
        return self.model.spec(self.options)

    def network(self) -> nn.Module:
        """With random weights everywhere: a head that starts at zero would hide all that is before it."""
        torch.manual_seed(0)
        network = self.spec.build().eval()
        for weight in network.parameters():
            if weight.ndim > 1 and not weight.any():
                nn.init.normal_(weight, std=0.1)
        return network


def cases(catalog: Catalog, small: int = SMALL, task: Task | None = None) -> list[Any]:
    """Every network of the catalog (for a task), its numbers made small, with each of its named alternatives."""
    return [
        pytest.param(Case(name, model, model.options(**chosen)), id="-".join([name, *map(str, chosen.values())]))
        for name, model in catalog.items()
        for chosen in _alternatives(model.options, small)
        if task in (None, model.spec(model.options(**chosen)).task)
    ]


def _alternatives(options: type, small: int) -> list[dict[str, Any]]:
    choices = {
        name: [False, True] if kind is bool else get_args(kind) or [min(getattr(options, name), small)]
        for name, kind in get_type_hints(options).items()
    }
    return [dict(zip(choices, values, strict=True)) for values in product(*choices.values())]


def noise(spec: ModelSpec, height: int, width: int, count: int = 1) -> list[Tensor]:
    """Random input of this many multiples of `align`, each sample with a moment of its own."""
    sides = height * spec.align, width * spec.align
    return [_noise(name, spec, count, *sides) for name in spec.inputs]


def _noise(name: str, spec: ModelSpec, count: int, height: int, width: int) -> Tensor:
    if name == "t":
        return 0.05 + 0.9 * torch.rand(count)
    factor = spec.scale if name == TRUTH else 1
    return torch.rand(count, spec.channels, factor * height, factor * width)


def answer(made: Tensor | Between) -> Tensor:
    """All that a network gives, as one map: of an interpolator the picture and what its last block knew."""
    return torch.cat((made.picture, *made.motions[-1]), 1) if isinstance(made, Between) else made


def impulse_reach(network: nn.Module, spec: ModelSpec) -> int:
    """How far, in input pixels, one input column spreads through a network none of whose weights cancel.

    Frames are black and `t` is one at which these give nothing. Samples differ in the place on the grid of `align`.
    """
    for parameter in network.double().parameters():
        nn.init.constant_(parameter, 1 / parameter[0].numel() if parameter.ndim > 1 else 0.0)
    for layer in network.modules():
        if isinstance(layer, nn.PReLU):
            nn.init.constant_(layer.weight, 0.5)
    width = 2 * (spec.reach + 4) // spec.align * spec.align + spec.align
    # A step of an eighth and one pixel meets every place of any coarser grid inside that one.
    places = width // 2 // spec.align * spec.align + torch.arange(0, spec.align, spec.align // 8 + 1)
    samples = torch.arange(len(places))
    frames = torch.zeros(len(places), spec.channels, spec.align, width, dtype=torch.float64)
    frames[samples, :, :, places] = 1
    truth = nn.functional.interpolate(0 * frames, scale_factor=spec.scale)

    def shown(pictures: Tensor, t: float) -> Tensor:
        others = {"t": frames.new_full((len(places),), t), TRUTH: truth}
        return answer(network(*(others.get(name, pictures) for name in spec.inputs)))

    with torch.inference_mode():
        silent = next(t for t in (0.0, 0.5) if not shown(0 * frames, t).any())
        sample, column = shown(frames, silent).abs().amax((1, 2)).nonzero().unbind(1)
    column = column // spec.scale
    assert column.min() > 0 and column.max() < width - 1, "the picture is too small to tell"
    return int((column - places[sample]).abs().max())


class NetworkContract:
    """What networks of every task hold to."""

    def test_it_reaches_exactly_as_far_as_it_says(self, case: Case):
        spec = case.spec
        assert spec.reach - spec.align < impulse_reach(case.network(), spec) <= spec.reach

    def test_its_taps_are_feature_maps_on_a_grid_of_the_picture(self, case: Case):
        spec, network, caught = case.spec, case.network(), {}
        for name, path in spec.taps.items():
            network.get_submodule(path).register_forward_hook(
                lambda _module, _inputs, output, name=name: caught.update({name: output})
            )
        network(*noise(spec, 4, 4))
        assert caught.keys() == spec.taps.keys()
        side = 4 * spec.align
        for name, features in caught.items():
            assert features.shape[2] == features.shape[3]
            assert max(features.shape[2], side) % min(features.shape[2], side) == 0, name

    def test_every_weight_is_trained(self, case: Case):
        spec, network = case.spec, case.network()
        for parameter in network.parameters():
            nn.init.normal_(parameter, std=0.3)
        answer(network(*noise(spec, 4, 4))).square().mean().backward()
        assert [name for name, weight in network.named_parameters() if weight.grad is None] == []

    def test_saved_and_loaded_it_is_the_same(self, case: Case, tmp_path: Path):
        network, given = case.network(), noise(case.spec, 4, 4)
        checkpoint.save(tmp_path, case.name, case.options, network)
        loaded = checkpoint.load(tmp_path)
        assert (loaded.name, loaded.options) == (case.name, case.options)
        torch.testing.assert_close(answer(loaded.network(*given)), answer(network(*given)), atol=0, rtol=0)
        assert checkpoint.load(tmp_path / "weights.safetensors").digest == loaded.digest

    def test_deployed_it_is_the_same_function(self, case: Case):
        network, given = case.network(), noise(case.spec, 6, 4)
        deployed = case.model.deploy(network)
        torch.testing.assert_close(answer(deployed(*given)), answer(network(*given)), atol=1e-5, rtol=0)

    def test_it_does_not_take_the_weights_of_others_for_its_own(self, case: Case):
        assert case.model.adopt({"weight": torch.zeros(3)}, None) is None
        assert case.model.adopt({}, None) is None


class UpscalerContract(NetworkContract):
    """Mix in, with a fixture `case` of the task `upscale`."""

    def test_it_enlarges_by_its_scale(self, case: Case):
        spec = case.spec
        with torch.inference_mode():
            made = case.network()(*noise(spec, 3, 5, count=2))
        assert made.shape == (2, spec.channels, 3 * spec.align * spec.scale, 5 * spec.align * spec.scale)
        assert torch.isfinite(made).all()
        assert spec.inputs in (("frame",), ("frame", TRUTH))


class InterpolatorContract(NetworkContract):
    """Mix in, with a fixture `case` of the task `interpolate`. Exchanged frames need not give the same picture."""

    def test_it_gives_a_picture_and_motions_of_the_frames_size(self, case: Case):
        spec = case.spec
        with torch.inference_mode():
            made = case.network()(*noise(spec, 3, 5, count=2))
        size = (3 * spec.align, 5 * spec.align)
        assert (spec.inputs, spec.output, spec.scale) == (("before", "after", "t"), "between", 1)
        assert made.picture.shape == (2, 3, *size) and torch.isfinite(made.picture).all()
        assert made.motions
        for motion in made.motions:
            smaller = motion.mask.shape[2:]
            assert [part.shape for part in motion] == [(2, 2, *smaller), (2, 2, *smaller), (2, 1, *smaller)]
            assert size[0] % smaller[0] == 0 and size[0] // smaller[0] == size[1] // smaller[1]
            assert all(torch.isfinite(part).all() for part in motion)
        assert made.motions[-1].mask.shape[2:] == size

    def test_its_picture_is_the_fusion_of_its_last_motion_if_it_says_so(self, case: Case):
        before, after, t = noise(case.spec, 3, 5)
        with torch.inference_mode():
            made = case.network()(before, after, t)
            error = (made.picture - fuse(before, after, made.motions[-1], case.spec.sampling)).abs().max()
        assert (error < 1e-5) == case.spec.split

    def test_losses_are_told_how_it_fetches(self, case: Case):
        given = noise(case.spec, 1, 1)
        with torch.inference_mode():
            made = Tapped(case.network(), case.spec, [], "it")(*given)
        assert made.first(1).sampling == made.detached().sampling == case.spec.sampling

    def test_every_sample_is_of_its_own_moment(self, case: Case):
        network, (before, after, _) = case.network(), noise(case.spec, 3, 4)
        moments = torch.tensor([0.02, 0.5, 0.98])
        with torch.inference_mode():
            together = answer(network(before.expand(3, -1, -1, -1), after.expand(3, -1, -1, -1), moments))
            alone = torch.cat([answer(network(before, after, t[None])) for t in moments])
        torch.testing.assert_close(together, alone, atol=1e-4, rtol=0)
        assert all((one - other).abs().max() > 1e-3 for one, other in pairwise(alone))

    def test_its_motion_keeps_its_digits_in_mixed_precision(self, case: Case):
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            made = case.network()(*noise(case.spec, 2, 2))
        assert {part.dtype for motion in made.motions for part in motion} == {torch.float32}
        assert made.picture.dtype == torch.float32
