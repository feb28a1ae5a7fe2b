"""What every network in a catalog must hold to; a new file in its folder is tested by being there."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
import torch
from pocketlens.core import checkpoint
from pocketlens.core.catalog import Catalog
from pocketlens.core.spec import Model, ModelSpec
from torch import nn

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
        torch.manual_seed(0)
        return self.spec.build().eval()


def cases(catalog: Catalog, small: int = SMALL) -> list[Any]:
    """Every network of the catalog, its numbers made small, with each of its named alternatives."""
    return [
        pytest.param(Case(name, model, model.options(**chosen)), id="-".join([name, *map(str, chosen.values())]))
        for name, model in catalog.items()
        for chosen in _alternatives(model.options, small)
    ]


def _alternatives(options: type, small: int) -> list[dict[str, Any]]:
    choices = {
        name: get_args(kind) if get_origin(kind) is Literal else [min(getattr(options, name), small)]
        for name, kind in get_type_hints(options).items()
    }
    return [dict(zip(choices, values, strict=True)) for values in product(*choices.values())]


def impulse_reach(network: nn.Module, spec: ModelSpec, offset: int) -> int:
    """How far, in input pixels, one input pixel spreads through a network none of whose weights cancel."""
    for parameter in network.double().parameters():
        nn.init.constant_(parameter, 1 / parameter[0].numel() if parameter.ndim > 1 else 0.0)
    for layer in network.modules():
        if isinstance(layer, nn.PReLU):
            nn.init.constant_(layer.weight, 0.5)
    side = 2 * (spec.reach + 4) // spec.align * spec.align + spec.align
    place = side // 2 // spec.align * spec.align + offset
    x = torch.zeros(1, spec.channels, side, side, dtype=torch.float64)
    x[..., place, place] = 1
    with torch.inference_mode():
        rows = network(x).abs().amax((0, 1, 3)).nonzero().flatten() // spec.scale
    assert rows[0] > 0 and rows[-1] < side - 1, "the picture is too small to tell"
    return int((rows - place).abs().max())


class NetworkContract:
    """Mix in, with a fixture `case`."""

    def test_it_enlarges_by_its_scale(self, case: Case):
        spec, network = case.spec, case.network()
        height, width = 3 * spec.align, 5 * spec.align
        with torch.inference_mode():
            made = network(torch.rand(2, spec.channels, height, width))
        assert made.shape == (2, spec.channels, height * spec.scale, width * spec.scale)
        assert torch.isfinite(made).all()
        assert (len(spec.inputs), spec.task) == (1, "upscale")

    def test_it_reaches_exactly_as_far_as_it_says(self, case: Case):
        spec = case.spec
        found = max(impulse_reach(case.network(), spec, offset) for offset in range(spec.align))
        assert spec.reach - 2 * spec.align < found <= spec.reach

    def test_its_taps_are_feature_maps_on_a_grid_of_the_picture(self, case: Case):
        spec, network, caught = case.spec, case.network(), {}
        for name, path in spec.taps.items():
            network.get_submodule(path).register_forward_hook(
                lambda _module, _inputs, output, name=name: caught.update({name: output})
            )
        side = 4 * spec.align
        network(torch.rand(1, spec.channels, side, side))
        assert caught.keys() == spec.taps.keys()
        for name, features in caught.items():
            assert features.shape[2] == features.shape[3]
            assert max(features.shape[2], side) % min(features.shape[2], side) == 0, name

    def test_every_weight_is_trained(self, case: Case):
        spec, network = case.spec, case.network()
        for parameter in network.parameters():
            nn.init.normal_(parameter, std=0.3)
        network(torch.rand(1, spec.channels, 4 * spec.align, 4 * spec.align)).square().mean().backward()
        assert [name for name, weight in network.named_parameters() if weight.grad is None] == []

    def test_saved_and_loaded_it_is_the_same(self, case: Case, tmp_path: Path):
        network, x = case.network(), torch.rand(1, case.spec.channels, 4 * case.spec.align, 4 * case.spec.align)
        checkpoint.save(tmp_path, case.name, case.options, network)
        loaded = checkpoint.load(tmp_path)
        assert (loaded.name, loaded.options) == (case.name, case.options)
        torch.testing.assert_close(loaded.network(x), network(x), atol=0, rtol=0)
        assert checkpoint.load(tmp_path / "weights.safetensors").digest == loaded.digest

    def test_deployed_it_is_the_same_function(self, case: Case):
        network, x = case.network(), torch.rand(1, case.spec.channels, 6 * case.spec.align, 4 * case.spec.align)
        deployed = case.model.deploy(network)
        torch.testing.assert_close(deployed(x), network(x), atol=1e-5, rtol=0)

    def test_it_does_not_take_the_weights_of_others_for_its_own(self, case: Case):
        assert case.model.adopt({"weight": torch.zeros(3)}, None) is None
        assert case.model.adopt({}, None) is None
