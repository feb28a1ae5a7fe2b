"""Faults planted in a sealed model are caught, each by its limit, and none is seen in a sound one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from bundles import make_bundle
from contracts import after_the_end, changed, constants, replace, sealed, shipped, with_graph, with_pairs, with_pictures
from interpolators import make_interpolator, moving_graph
from onnx import numpy_helper
from pocketlens.core.bundle import Bundle
from pocketlens.core.contract import Contract
from pocketlens.core.verdict import Verdict
from pocketlens.runtime.contract.row import Row
from pocketlens.runtime.contract.verify import verify

ENGINE = "onnxruntime"


@pytest.fixture(scope="module")
def sound() -> Bundle:
    return sealed(shipped("sesr-x2"))


def broken(bundle: Bundle) -> dict[str, Row]:
    """The limits that a bundle does not keep, by the first word of their names."""
    rows = verify(bundle, engine=ENGINE, seconds=0)
    return {row.name.partition(" ")[0]: row for row in rows if row.verdict == Verdict.FAIL}


def test_a_sound_model_keeps_all_limits_on_every_engine(sound: Bundle):
    rows = verify(sound, seconds=0)
    assert len(rows) > 20
    assert {row.verdict for row in rows if not row.name.startswith("latency")} == {Verdict.PASS}


def resealed(bundle: Bundle, differences: np.ndarray) -> Bundle:
    """The bundle as if each sample had had so many dB more when it was sealed."""
    contract = bundle.manifest.contract
    assert contract
    facts = contract.model_dump()
    for scores in facts["sets"]["samples"]["scores"]:
        scores["psnr"] = list(np.add(scores["psnr"], differences))
    return changed(bundle, contract=Contract.model_validate(facts))


def test_a_tenth_of_a_decibel_lost_on_every_picture(sound: Bundle):
    rows = broken(resealed(sound, np.full(12, 0.1)))
    assert set(rows) == {"psnr"}
    assert rows["psnr"].found.value == pytest.approx(0.1)
    assert not rows["psnr"].found.why, "it is the mean that fails, not one picture"


def test_what_machines_differ_by_is_no_fault(sound: Bundle):
    random = np.random.default_rng(0)
    assert broken(resealed(sound, random.normal(0, 0.001, 12))) == {}


def test_a_tenth_of_a_decibel_lost_by_worn_weights(sound: Bundle):
    def worn(model: onnx.ModelProto) -> None:
        for tensor in constants(model, "Conv"):
            if len(tensor.dims) == 4:
                replace(tensor, numpy_helper.to_array(tensor) * np.float32(0.989))

    rows = broken(with_graph(sound, "fp32", worn))
    assert rows["psnr"].name == "psnr fp32 onnxruntime samples"
    assert rows["psnr"].found.value == pytest.approx(0.1, abs=0.03)


def test_a_shift_of_one_grey_level(sound: Bundle):
    level = np.array(1 / 255, np.float32)
    rows = broken(with_graph(sound, "fp32", after_the_end("Add", level=level)))
    assert rows["brightness"].found.value == pytest.approx(1, abs=0.2)


def test_a_shift_of_one_grey_level_of_poor_pictures(tmp_path: Path):
    """Of pictures that are far from the truth it hardly changes the PSNR."""
    path = make_bundle(tmp_path / "rgb.plens", channels=3)
    level = np.array(1 / 255, np.float32)
    rows = broken(with_graph(sealed(with_pictures(path)), "fp32", after_the_end("Add", level=level)))
    assert "brightness" in rows


def test_a_tile_seam(sound: Bundle):
    rows = broken(changed(sound, reach=1))
    assert set(rows) == {"tiled"}
    assert rows["tiled"].found.value > 2


def test_swapped_channels(tmp_path: Path):
    good = sealed(with_pictures(make_bundle(tmp_path / "rgb.plens", channels=3)))
    assert broken(good) == {}
    swapped = with_graph(good, "fp32", after_the_end("Gather", order=np.array([2, 1, 0])))
    assert "psnr" in broken(swapped)


def stale(layer: int, factor: float) -> Callable[[onnx.ModelProto], None]:
    """Makes a scale of int8 what it would be, had it been calibrated on pictures brighter or darker by a factor."""

    def change(model: onnx.ModelProto) -> None:
        scale = [t for t in constants(model, "QuantizeLinear") if numpy_helper.to_array(t).dtype == np.float32][layer]
        replace(scale, numpy_helper.to_array(scale) * factor)

    return change


@pytest.mark.parametrize("layer", [0, 1])
@pytest.mark.parametrize("factor", [0.5, 2])
def test_a_stale_int8_scale(sound: Bundle, layer: int, factor: float):
    rows = broken(with_graph(sound, "int8", stale(layer, factor)))
    assert rows["psnr"].name == "psnr int8 onnxruntime samples"


def test_swapped_channels_of_a_graph_that_only_apps_run(sound: Bundle):
    swap = after_the_end("Gather", axis=3, order=np.array([2, 1, 0]))
    rows = broken(with_graph(sound, "int8", swap, face="frame"))
    assert {name: row.name for name, row in rows.items()} == {"graph": "graph int8-frame-cpu.onnx"}
    assert "10.24 dB" in rows["graph"].found.why


def test_a_stale_int8_scale_of_a_graph_for_another_engine(sound: Bundle):
    rows = broken(with_graph(sound, "int8", stale(0, 2), target="tensorrt"))
    assert {name: row.name for name, row in rows.items()} == {"graph": "graph int8-float-tensorrt.onnx"}


def test_frames_moved_the_wrong_way(tmp_path: Path):
    still, astray = (make_interpolator(tmp_path / f"{x}.plens", {("fp32", "motion"): moving_graph(x)}) for x in (0, 3))
    good, wrong = sealed(with_pairs(still)), with_pairs(astray)
    assert broken(good) == {}
    assert {"psnr", "odd_sizes"} <= set(broken(changed(wrong, contract=good.manifest.contract)))
