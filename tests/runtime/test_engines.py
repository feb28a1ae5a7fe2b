"""The contract of every engine, and that they agree."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from bundles import make_bundle, upscaler_graph
from engines_here import usable
from fake_tensorrt import install
from pocketlens.core.bundle import read
from pocketlens.core.catalog import ENGINES
from pocketlens.core.errors import MachineCannot
from pocketlens.runtime.network import Network

PICTURE = np.random.default_rng(3).random((1, 1, 19, 23), np.float32)


@pytest.fixture(params=ENGINES.names())
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Each engine; TensorRT on a fake."""
    found = ENGINES.get(request.param)
    if found.module in ("tensorrt", "tensorrt_rtx"):
        monkeypatch.setenv("POCKETLENS_CACHE", str(tmp_path))
        install(monkeypatch)
    elif found.why_not():
        pytest.skip("it needs an NVIDIA GPU")
    return found


def test_an_engine_upscales_into_the_callers_memory(engine):
    program = engine.load(upscaler_graph(), 1)
    out = np.zeros((1, 1, 38, 46), np.float32)
    given = program.run({"frame": PICTURE}, {"upscaled": out})
    assert given["upscaled"] is out
    assert np.array_equal(out, program.run({"frame": PICTURE})["upscaled"])
    program.close()


def test_results_without_a_buffer_belong_to_the_caller(engine):
    program = engine.load(upscaler_graph(), 1)
    first = program.run({"frame": PICTURE})["upscaled"]
    before = first.copy()
    program.run({"frame": PICTURE * 0.5})
    assert np.array_equal(first, before)
    program.close()


def test_bytes_may_stand_for_floats_on_either_side(engine):
    if not engine.takes_bytes:
        pytest.skip("this engine leaves bytes to others")
    program = engine.load(upscaler_graph(), 1)
    levels = np.rint(PICTURE * 255).astype(np.uint8)
    wanted = program.run({"frame": levels.astype(np.float32) / 255})["upscaled"]
    np.testing.assert_allclose(program.run({"frame": levels})["upscaled"], wanted, atol=1e-6)
    for given in (levels, levels.astype(np.float32) / 255):
        out = np.zeros((1, 1, 38, 46), np.uint8)
        program.run({"frame": given}, {"upscaled": out})
        assert np.abs(out - np.clip(wanted * 255, 0, 255)).max() < 0.501
    program.close()


def test_bytes_are_saturated(engine):
    if not engine.takes_bytes:
        pytest.skip("this engine leaves bytes to others")
    program = engine.load(upscaler_graph(), 1)
    out = {value: np.zeros((1, 1, 6, 6), np.uint8) for value in (-3.0, 3.0)}
    for value, made in out.items():
        program.run({"frame": np.full((1, 1, 3, 3), value, np.float32)}, {"upscaled": made})
    assert out[-3.0].max() == 0 and out[3.0].min() == 255
    program.close()


def test_one_program_takes_pictures_of_many_sizes(engine):
    program = engine.load(upscaler_graph(channels=3), 2)
    for height, width in ((1, 1), (2, 9), (1, 1), (31, 3), (5, 5), (6, 6), (1, 1)):
        picture = np.zeros((1, 3, height, width), np.float32)
        assert program.run({"frame": picture})["upscaled"].shape == (1, 3, 2 * height, 2 * width)
    program.close()


@pytest.mark.parametrize("graph", [b"", b"not a graph" * 50, upscaler_graph()[:500]], ids=["empty", "junk", "cut"])
def test_a_graph_that_cannot_be_loaded_is_one_line(engine, graph):
    with pytest.raises(MachineCannot) as raised:
        engine.load(graph, 1)
    assert "\n" not in str(raised.value)


def test_a_picture_that_does_not_fit_the_graph_is_one_line(engine):
    program = engine.load(upscaler_graph(channels=1), 1)
    with pytest.raises(MachineCannot) as raised:
        program.run({"frame": np.zeros((1, 3, 8, 8), np.float32)})
    assert "\n" not in str(raised.value)
    program.close()


def test_a_missing_package_is_named_with_its_install_command(engine, monkeypatch: pytest.MonkeyPatch):
    assert engine.why_not() is None
    monkeypatch.setitem(sys.modules, engine.module, None)
    assert "pip install 'pocketlens" in (engine.why_not() or "")


def test_all_engines_give_the_same_picture():
    results = [ENGINES.get(name).load(upscaler_graph(), 2).run({"frame": PICTURE})["upscaled"] for name in usable()]
    for result in results[1:]:
        np.testing.assert_allclose(result, results[0], atol=2e-6)


def test_a_network_upscales_bytes_on_every_engine(engine, tmp_path: Path):
    levels = np.rint(PICTURE[0] * 255).astype(np.uint8)
    facts = read(make_bundle(tmp_path / "a.plens")).manifest
    for tile in (None, 8):
        network = Network(engine.load(upscaler_graph(), 1), facts, tile, engine.takes_bytes)
        wanted = network(levels.astype(np.float32) / 255) * 255
        made = network(levels)
        assert made.dtype == np.uint8 and np.abs(made - np.clip(wanted, 0, 255)).max() < 0.501
        network.close()
