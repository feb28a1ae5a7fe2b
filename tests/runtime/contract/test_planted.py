"""Faults planted in a sealed model are caught, each by its limit, and none is seen in a sound one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from bundles import make_bundle
from contracts import changed, constants, replace, sealed, shipped, with_graph, with_pairs, with_pictures
from interpolators import make_interpolator, moving_graph
from onnx import numpy_helper
from planted import brighter, stale, swapped, torn
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
    rows = broken(with_graph(sound, "fp32", brighter(1)))
    assert rows["brightness"].found.value == pytest.approx(1, abs=0.2)


def test_a_shift_of_one_grey_level_of_poor_pictures(tmp_path: Path):
    """Of pictures that are far from the truth it hardly changes the PSNR."""
    path = make_bundle(tmp_path / "rgb.plens", channels=3)
    rows = broken(with_graph(sealed(with_pictures(path)), "fp32", brighter(1)))
    assert "brightness" in rows


def test_a_tile_seam_in_the_graph(sound: Bundle):
    rows = broken(with_graph(sound, "fp32", torn(12, step=1, scale=2)))
    assert {"psnr", "tiled"} <= set(rows)


def test_a_tile_seam_of_a_halo_that_is_too_narrow(sound: Bundle):
    rows = broken(changed(sound, reach=1))
    assert set(rows) == {"tiled"}
    assert rows["tiled"].found.value > 2


def test_swapped_channels(tmp_path: Path):
    good = sealed(with_pictures(make_bundle(tmp_path / "rgb.plens", channels=3)))
    assert broken(good) == {}
    assert "psnr" in broken(with_graph(good, "fp32", swapped((2, 1, 0))))


@pytest.mark.parametrize(("place", "factor"), [(0, 2), (0, 0.5), (0.5, 0.5)])
def test_a_stale_int8_scale(sound: Bundle, place: float, factor: float):
    rows = broken(with_graph(sound, "int8", stale(place, factor)))
    assert rows["psnr"].name == "psnr int8 onnxruntime samples"


def test_swapped_channels_of_a_graph_that_only_apps_run(sound: Bundle):
    rows = broken(with_graph(sound, "int8", swapped((2, 1, 0)), face="frame"))
    assert {row.name.split()[1] for row in rows.values()} == {"int8-frame-cpu.onnx"}
    assert "10.24 dB" in rows["graph"].found.why


def loosely_held(bundle: Bundle) -> Bundle:
    """The bundle as if its graphs had been far from their reference when it was sealed."""
    return changed(bundle, limits=dict.fromkeys(bundle.manifest.limits, 20.0))


def test_one_grey_level_of_a_graph_that_is_far_from_its_reference_anyway(sound: Bundle):
    rows = broken(with_graph(loosely_held(sound), "int8", brighter(1), target="tensorrt"))
    assert rows["brightness"].name == "brightness int8-float-tensorrt.onnx"
    assert "graph" not in rows


def test_graphs_of_a_bundle_that_knows_no_scores_of_theirs_are_held_to_the_reference_alone(sound: Bundle):
    assert sound.manifest.contract
    older = changed(loosely_held(sound), contract=sound.manifest.contract.model_copy(update={"graphs": []}))
    assert broken(with_graph(older, "int8", brighter(1), target="tensorrt")) == {}
    assert "graph" in broken(with_graph(older, "int8", swapped((2, 1, 0)), face="frame"))


def test_a_stale_int8_scale_of_a_graph_for_another_engine(sound: Bundle):
    rows = broken(with_graph(sound, "int8", stale(0, 2), target="tensorrt"))
    assert {row.name.split()[1] for row in rows.values()} == {"int8-float-tensorrt.onnx"}


def test_frames_moved_the_wrong_way(tmp_path: Path):
    still, astray = (make_interpolator(tmp_path / f"{x}.plens", {("fp32", "motion"): moving_graph(x)}) for x in (0, 3))
    good, wrong = sealed(with_pairs(still)), with_pairs(astray)
    assert broken(good) == {}
    assert {"psnr", "odd_sizes"} <= set(broken(changed(wrong, contract=good.manifest.contract)))
