"""Tiles join to the picture that the network makes of the whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from bundles import make_bundle, unshuffled_graph
from engines_here import usable
from hypothesis import given, settings
from hypothesis import strategies as st
from pocketlens.core.bundle import read
from pocketlens.core.catalog import ENGINES
from pocketlens.runtime import Session
from pocketlens.runtime.engine import Arrays
from pocketlens.runtime.network import Network
from pocketlens.runtime.tiles import spans

sides = st.integers(1, 70)


@given(size=sides, tile=st.integers(1, 40), halo=st.integers(0, 12), align=st.sampled_from([1, 2, 4]))
def test_spans_cover_a_side_once_and_see_what_they_need(size: int, tile: int, halo: int, align: int):
    size *= align
    steps = list(spans(size, tile, halo, align))
    assert [x for step in steps for x in range(step.place.start, step.place.stop)] == list(range(size))
    assert len({step.read.stop - step.read.start for step in steps}) == 1
    for step in steps:
        assert 0 <= step.read.start <= max(step.place.start - halo, 0)
        assert min(step.place.stop + halo, size) <= step.read.stop <= size
        assert step.read.start % align == step.read.stop % align == 0
        assert step.read.start + step.keep.start == step.place.start
        assert step.keep.stop - step.keep.start == step.place.stop - step.place.start


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """By the multiple that their input must be of."""
    folder = tmp_path_factory.mktemp("bundles")
    return {
        1: make_bundle(folder / "plain.plens"),
        2: make_bundle(folder / "even.plens", align=2, reach=3, graphs={"fp32": unshuffled_graph()}),
    }


def network(path: Path, tile: int | None) -> Network:
    bundle = read(path)
    return Network(ENGINES.get("onnxruntime").load(bundle.graph("fp32"), 1), bundle.manifest, tile)


@settings(max_examples=40, deadline=None)
@given(height=sides, width=sides, tile=st.integers(1, 40), align=st.sampled_from([1, 2]), seed=st.integers(0, 99))
def test_tiled_equals_whole(networks: dict[int, Path], height: int, width: int, tile: int, align: int, seed: int):
    picture = np.random.default_rng(seed).random((1, height, width), np.float32)
    whole = network(networks[align], None)(picture)
    assert whole.shape == (1, 2 * height, 2 * width)
    np.testing.assert_allclose(network(networks[align], tile)(picture), whole, atol=1e-6)


@pytest.mark.parametrize("engine", usable())
def test_a_tiled_picture_is_the_whole_picture_in_8_bits(networks: dict[int, Path], engine: str):
    bgr = np.random.default_rng(0).integers(0, 256, (75, 101, 3), np.uint8)
    with Session.open(networks[1], engine) as whole, Session.open(networks[1], engine, tile=32) as tiled:
        different = whole.upscale(bgr) != tiled.upscale(bgr)
    assert different.mean() < 1e-3


def test_very_large_pictures_are_tiled_unasked(networks: dict[int, Path], monkeypatch: pytest.MonkeyPatch):
    seen = []

    class Recorder:
        notes = ()

        def run(self, feeds: Arrays, out: Arrays | None = None) -> Arrays:
            seen.append(feeds["frame"].shape[2:])
            return out or {}

        def close(self) -> None: ...

    Network(Recorder(), read(networks[1]).manifest)(np.zeros((1, 1500, 4000), np.float32))
    # Two steps of 750 and four of 1000, with the network's reach of 3 on either side: hardly a pixel is read twice.
    assert seen == [(756, 1006)] * 8
