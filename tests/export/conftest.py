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
from pocketlens.export.calibration import on_pictures
from pocketlens.export.samples import draw

SMALL = {
    "sesr": {"channels": 8, "blocks": 1, "width": 8},
    "fsrcnn": {"d": 8, "s": 4, "m": 1},
    "esrgan": {"scale": 2, "features": 4, "growth": 2, "blocks": 1},
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


@pytest.fixture(scope="session")
def build() -> Build:
    """Builds a graph of a small network, each once."""

    @cache
    def graphs(name: str) -> Graphs:
        trained = small(name)
        return Graphs(trained, on_pictures([bgr for _, bgr in draw()[::3]], trained.spec))

    @cache
    def one(name: str, precision: str, face: str = "float", processor: str = "cpu") -> onnx.ModelProto:
        return graphs(name).build(precision, face, processor)

    return one


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small SESR on disk."""
    folder = tmp_path_factory.mktemp("run")
    trained = small("sesr")
    checkpoint.save(folder, trained.name, trained.options, trained.network)
    return folder
