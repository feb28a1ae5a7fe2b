"""Bundles of interpolators: what is in them, that they are small, and that they pass their own check."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import numpy as np
import onnx
import pytest
from commands import pocketlens
from graphs import run_all
from moving import slid, to_feeds
from onnx import numpy_helper
from pocketlens.core import bundle as bundles
from pocketlens.core import checkpoint, picture
from pocketlens.core.bundle import Bundle
from pocketlens.core.catalog import SOURCES
from pocketlens.core.colour import from_network
from pocketlens.core.manifest import PairSample
from pocketlens.export.build import Graphs
from pocketlens.export.graph import array, constants
from pocketlens.export.interpolation import make_samples
from pocketlens.export.pairs import SIDE, draw_pairs


def write_triplets(folder: Path, count: int = 4) -> Path:
    for seed in range(count):
        before, after = slid(50, 70, 2 * seed + 2, seed=seed)
        for name, bgr in {"1": before, "2": np.roll(after, -1 - seed, 1), "3": after}.items():
            picture.write(folder / f"scene{seed}" / f"{name}.png", bgr)
    return folder


@pytest.fixture(scope="module")
def triplets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_triplets(tmp_path_factory.mktemp("data") / "triplets")


@pytest.fixture(scope="module")
def traced(graphs: Callable[[str], Graphs]) -> Iterator[None]:
    """Does not trace `pair_run_folder` once more: that takes its time."""
    whole = graphs("ifnet_lite")._fp32
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Graphs, "_fp32", property(lambda _self: whole))
        yield


@pytest.fixture(scope="module")
def sealed(pair_run_folder: Path, triplets: Path, traced: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("bundle") / "small.plens"
    command = (
        "export",
        "bundle",
        pair_run_folder,
        "-o",
        out,
        "--calib",
        triplets,
        "--data",
        triplets,
        "--seconds",
        0,
        "--quiet",
    )
    assert pocketlens(*command) == 0
    return out


@pytest.fixture(scope="module")
def opened(sealed: Path) -> Bundle:
    return bundles.read(sealed)


def test_it_holds_every_face_of_each_precision_for_both_processors(opened: Bundle):
    found = {(graph.precision, graph.face, graph.target) for graph in opened.manifest.graphs}
    faces, processors = ("float", "frame", "split", "motion"), ("cpu", "tensorrt")
    assert found == set(product(("fp32", "fp16", "int8"), faces, processors))
    for kind in found:
        onnx.checker.check_model(onnx.load_from_string(opened.graph(*kind)), full_check=True)


def test_it_says_what_it_is_and_how_good(opened: Bundle):
    facts = opened.manifest
    assert facts.sampling == "bicubic"
    assert (facts.task, facts.network, facts.inputs, facts.output) == (
        "interpolate",
        "ifnet_lite",
        ["before", "after", "t"],
        "between",
    )
    assert set(facts.quality) == {"samples", "triplets"}
    for scores in facts.quality.values():
        labels = ("average", "fp32", "fp16", "int8")
        assert set(scores) == {f"{name}_{label}" for name in ("psnr_rgb", "ssim_rgb", "ie") for label in labels}
        assert scores["psnr_rgb_fp16"] == pytest.approx(scores["psnr_rgb_fp32"], abs=0.1)
    assert set(facts.limits) == {"psnr_fp32", "psnr_fp16", "psnr_int8"}
    assert facts.provenance["calibration"]["source"] == "triplets"


def test_its_cost_counts_both_frames_and_every_block(opened: Bundle):
    """Counted by hand: convolutions of eight channels, at the share of the pixels where they work."""
    stem = (3 * 8 + 8 * 8 / 4 + 8 * 8 / 16 + 8 * 8 / 64) / 4
    blocks = sum((inputs + 8 + 20) * 8 / share for inputs, share in ((16, 256), (21, 64), (21, 16)))
    assert opened.manifest.macs_per_pixel == pytest.approx(9 * (2 * stem + blocks))


def test_its_samples_are_the_pairs_and_what_fp32_puts_between(opened: Bundle):
    assert len(opened.manifest.samples) == 12
    graph = onnx.load_from_string(opened.graph("fp32"))
    for sample, drawn in zip(opened.manifest.samples, draw_pairs(), strict=True):
        assert isinstance(sample, PairSample) and sample.t == drawn.t
        before, after, expected, truth = (picture.decode(opened.files[name], name) for name in sample.files())
        np.testing.assert_array_equal(truth, drawn.truth)
        assert before.shape == (SIDE, SIDE, 3)
        made = from_network(run_all(graph, to_feeds(before, after, sample.t))["between"][0])
        assert np.abs(made.astype(int) - expected).max() <= 1


@pytest.mark.parametrize(("align", "side"), [(16, SIDE), (48, 96), (64, 128)])
def test_two_of_the_smallest_frames_fit_into_a_sample(opened: Bundle, pair_run_folder: Path, align: int, side: int):
    trained = checkpoint.load(pair_run_folder)
    samples, files = make_samples(trained, opened.manifest.model_copy(update={"align": align}))
    shapes = {picture.decode(files[name], name).shape for sample in samples for name in sample.files()}
    assert shapes == {(side, side, 3)}


def test_it_passes_its_own_check(sealed: Path, capsys: pytest.CaptureFixture[str]):
    assert pocketlens("export", "check", sealed, "--json", "-") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["verdict"] == "pass" and len(told["graphs"]) == 24
    for row in told["graphs"]:
        assert row["max_error"] <= {"fp32": 1, "fp16": 8, "int8": 200}[row["precision"]]


@pytest.mark.parametrize("face", ["split", "motion"])
def test_a_graph_that_has_become_worse_fails(
    opened: Bundle, face: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    model = onnx.load_from_string(opened.graph("fp32", face))
    for tensor in model.graph.initializer:
        if len(tensor.dims) == 4:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor) * np.float32(1.1), tensor.name))
    [file] = {graph.file for graph in opened.manifest.graphs if (graph.precision, graph.face) == ("fp32", face)}
    graphs = [
        graph.model_copy(update={"weights": []}) if graph.file == file else graph for graph in opened.manifest.graphs
    ]
    manifest = opened.manifest.model_copy(update={"graphs": graphs})
    bundles.write(tmp_path / "a.plens", manifest, {**opened.files, file: model.SerializeToString()})
    assert pocketlens("export", "check", tmp_path / "a.plens", "--json", "-") == 1
    failed = [row for row in json.loads(capsys.readouterr().out)["graphs"] if row["verdict"] == "fail"]
    assert {(row["precision"], row["face"]) for row in failed} == {("fp32", face)}


def test_a_split_graph_is_exported_whole(sealed: Path, opened: Bundle, tmp_path: Path):
    out = tmp_path / "split.onnx"
    command = ("export", "onnx", sealed, "-o", out, "--face", "split", "--precision", "int8", "--for", "tensorrt")
    assert pocketlens(*command, "--quiet") == 0
    assert out.read_bytes() == opened.graph("int8", "split", "tensorrt")
    weights = constants(onnx.load(out).graph)
    assert any(array(tensor).size > 500 for tensor in weights.values())


def test_the_weights_are_in_it_once(sealed: Path, opened: Bundle):
    whole = sum(len(opened.whole(graph)) for graph in opened.manifest.graphs)
    assert sum(len(data) for name, data in opened.files.items() if name.endswith((".onnx", ".bin"))) < whole / 2


def test_a_checkpoint_becomes_a_bundle_of_what_engines_run(pair_run_folder: Path, traced: None):
    made = SOURCES.get("checkpoint")(pair_run_folder)
    assert {(graph.precision, graph.face) for graph in made.manifest.graphs} == {("fp32", "float"), ("fp32", "motion")}
    assert made.manifest.task == "interpolate"


def test_sets_to_score_on_are_triplets(pair_run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    picture.write(tmp_path / "photos" / "a.png", np.zeros((32, 32, 3), np.uint8))
    out = tmp_path / "a.plens"
    assert pocketlens("export", "bundle", pair_run_folder, "-o", out, "--data", tmp_path / "photos") == 2
    assert "no triplets in" in capsys.readouterr().err and not out.exists()
