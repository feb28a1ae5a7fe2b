"""Small students, and what is exported of them, made once for all tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import onnx
import pytest
import torch
from network_contract import Case
from pocketlens.core import checkpoint
from pocketlens.core.catalog import NETWORKS
from pocketlens.core.checkpoint import Checkpoint
from pocketlens.export.build import Graphs
from pocketlens.export.calibration import on_pictures, on_triplets
from pocketlens.export.pairs import draw_pairs
from pocketlens.export.samples import draw

SMALL = {
    "sesr": {"channels": 8, "blocks": 1, "width": 8},
    "fsrcnn": {"d": 8, "s": 4, "m": 1},
    "esrgan": {"scale": 2, "features": 4, "growth": 2, "blocks": 1},
    "ifnet_lite": dict.fromkeys(["stem", "quarter", "eighth", "sixteenth", "coarse", "middle", "fine"], 8)
    | {"depth": 1},
}
"""Name -> options of a network that is exported in a moment."""

Build = Callable[..., onnx.ModelProto]
"""(network, precision, face, processor) -> its graph."""


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def small(name: str) -> Checkpoint:
    """A small network that makes pictures and not noise, yet none of whose weights are zero."""
    model = NETWORKS.get(name)
    options = model.options(**SMALL[name])
    network = Case(name, model, options).network()
    with torch.no_grad():
        for weight in network.parameters():
            weight += torch.randn(weight.shape) * 0.02
    return Checkpoint(name, options, network, "0" * 64)


def small_interpolator() -> Checkpoint:
    """A small network that finds motion of some pixels, its own for each place."""
    trained = small("ifnet_lite")
    with torch.no_grad():
        for name, module in trained.network.named_modules():
            if name.endswith("head"):
                torch.nn.init.normal_(module.weight, 0, 0.12)  # type: ignore[arg-type]
                torch.nn.init.uniform_(module.bias, -2, 2)  # type: ignore[arg-type]
    return trained


@pytest.fixture(scope="session")
def graphs() -> Callable[[str], Graphs]:
    """The graphs of a small network, which is traced once."""

    @cache
    def one(name: str) -> Graphs:
        if name == "ifnet_lite":
            trained = small_interpolator()
            return Graphs(trained, on_triplets(draw_pairs()[::3], trained.spec))
        trained = small(name)
        return Graphs(trained, on_pictures([bgr for _, bgr in draw()[::3]], trained.spec))

    return one


@pytest.fixture(scope="session")
def build(graphs: Callable[[str], Graphs]) -> Build:
    """Builds a graph of a small network, each once."""

    @cache
    def one(name: str, precision: str, face: str = "float", processor: str = "cpu") -> onnx.ModelProto:
        return graphs(name).build(precision, face, processor)

    return one


@pytest.fixture(scope="session")
def pair_run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small IFNet-lite on disk: the one that `build` has traced."""
    folder = tmp_path_factory.mktemp("run")
    trained = small_interpolator()
    checkpoint.save(folder, trained.name, trained.options, trained.network)
    return folder


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small SESR on disk."""
    folder = tmp_path_factory.mktemp("run")
    trained = small("sesr")
    checkpoint.save(folder, trained.name, trained.options, trained.network)
    return folder
