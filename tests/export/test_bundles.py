"""Sealed bundles: what is in them, and that `check` finds what has become worse."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from commands import pocketlens
from onnx import numpy_helper
from pocketlens.core import bundle as bundles
from pocketlens.core import picture
from pocketlens.core.bundle import Bundle
from pocketlens.core.metrics import PERFECT
from pocketlens.export.samples import SIDE, draw
from pocketlens.export.task import task
from pocketlens.runtime import Session
from runs import write_photos, write_teacher


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_photos(tmp_path_factory.mktemp("data") / "photos", 4)


@pytest.fixture(scope="module")
def sealed(run_folder: Path, photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("bundle") / "small.plens"
    assert (
        pocketlens(
            "export", "bundle", run_folder, "-o", out, "--calib", photos, "--data", photos, "--seconds", 0, "--quiet"
        )
        == 0
    )
    return out


@pytest.fixture(scope="module")
def opened(sealed: Path) -> Bundle:
    return bundles.read(sealed)


def test_a_graph_of_a_bundle_is_exported_as_it_was_sealed(sealed: Path, opened: Bundle, tmp_path: Path):
    for number, kind in enumerate([("fp32", "float", "cpu"), ("int8", "frame", "tensorrt")]):
        out = tmp_path / f"{number}.onnx"
        options = [word for pair in zip(("--precision", "--face", "--for"), kind, strict=True) for word in pair]
        assert pocketlens("export", "onnx", sealed, "-o", out, *options, "--quiet") == 0
        assert out.read_bytes() == opened.graph(*kind)


def reseal(source: Bundle, path: Path, file: str, data: bytes) -> Path:
    """The bundle with another graph, weights and all, in the place of one, its hashes right."""
    graphs = [
        graph.model_copy(update={"weights": []}) if graph.file == file else graph for graph in source.manifest.graphs
    ]
    bundles.write(path, source.manifest.model_copy(update={"graphs": graphs}), {**source.files, file: data})
    return path


def test_it_holds_each_precision_and_face_for_both_processors(opened: Bundle):
    found = {(graph.precision, graph.face, graph.target) for graph in opened.manifest.graphs}
    assert found == {
        (p, f, t) for p in ("fp32", "fp16", "int8") for f in ("float", "frame") for t in ("cpu", "tensorrt")
    }
    assert len({graph.file for graph in opened.manifest.graphs}) == 8
    for precision, face, target in found:
        onnx.checker.check_model(onnx.load_from_string(opened.graph(precision, face, target)))


def test_it_says_what_it_is_and_where_from(opened: Bundle, run_folder: Path, photos: Path):
    facts = opened.manifest
    assert (facts.name, facts.network, facts.scale, facts.channels) == ("small", "sesr", 2, 1)
    assert set(facts.quality) == {"samples", "photos"}
    for scores in facts.quality.values():
        assert {f"psnr_y_{label}" for label in ("bicubic", "fp32", "fp16", "int8")} < set(scores)
        assert scores["psnr_y_fp16"] == pytest.approx(scores["psnr_y_fp32"], abs=0.1)
    assert set(facts.limits) == {"psnr_fp32", "psnr_fp16", "psnr_int8"} and min(facts.limits.values()) > 25
    assert set(facts.provenance["versions"]) == {"pocketlens", "torch", "onnx", "nncf"}
    assert facts.provenance["calibration"]["source"] == "photos"
    text = facts.model_dump_json()
    assert len(facts.provenance["weights_sha256"]) == 64
    assert str(run_folder) not in text and str(photos) not in text


def test_its_samples_are_the_pictures_and_what_fp32_makes_of_them(opened: Bundle):
    assert len(opened.manifest.samples) == 12
    with Session.open(opened, "onnxruntime", "fp32", threads=1) as session:
        for sample in opened.manifest.samples:
            lr, expected, truth = (picture.decode(opened.files[name], name) for name in sample.model_dump().values())
            assert lr.shape == (SIDE // 2, SIDE // 2, 3) and expected.shape == truth.shape == (SIDE, SIDE, 3)
            assert np.abs(session.upscale(lr).astype(int) - expected).max() <= 1


def test_it_passes_its_own_check(sealed: Path, capsys: pytest.CaptureFixture[str]):
    assert pocketlens("export", "check", sealed, "--json", "-") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["verdict"] == "pass" and len(told["graphs"]) == 12
    for row in told["graphs"]:
        assert row["verdict"] == "pass"
        assert row["psnr"] is None or row["psnr"] >= row["limit"]
        assert row["max_error"] <= {"fp32": 1, "fp16": 3, "int8": 40}[row["precision"]]
    assert pocketlens("export", "check", sealed) == 0
    table = capsys.readouterr().out.splitlines()
    assert len(table) == 13 and all(line.endswith("pass") for line in table[1:])


def test_a_changed_byte_is_found_on_opening(sealed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    data = bytearray(sealed.read_bytes())
    data[data.index(b"graphs/fp32-float.onnx") + 200] ^= 1
    (tmp_path / "a.plens").write_bytes(data)
    assert pocketlens("export", "check", tmp_path / "a.plens") == 2
    told = capsys.readouterr()
    assert told.out == "" and told.err.count("\n") == 1


def test_a_graph_that_has_become_worse_fails(opened: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    model = onnx.load_from_string(opened.graph("fp32"))
    kernel = next(tensor for tensor in model.graph.initializer if len(tensor.dims) == 4)
    kernel.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(kernel) * np.float32(1.5), kernel.name))
    worse = reseal(opened, tmp_path / "a.plens", "graphs/fp32-float.onnx", model.SerializeToString())
    assert pocketlens("export", "check", worse, "--json", "-") == 1
    told = json.loads(capsys.readouterr().out)
    failed = {(row["precision"], row["face"]) for row in told["graphs"] if row["verdict"] == "fail"}
    assert told["verdict"] == "fail" and failed == {("fp32", "float")}


def test_graphs_that_are_something_else_are_refused(opened: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    other = reseal(opened, tmp_path / "a.plens", "graphs/fp32-float.onnx", opened.graph("fp32", "frame"))
    junk = reseal(opened, tmp_path / "b.plens", "graphs/fp16-frame.onnx", b"junk")
    for path in (other, junk):
        assert pocketlens("export", "check", path) == 2
    three = opened.manifest.model_copy(update={"scale": 3})
    bundles.write(tmp_path / "c.plens", three, opened.files)
    bundles.write(tmp_path / "d.plens", opened.manifest, {**opened.files, "graphs/fp16-frame.onnx": b"junk"})
    for name in ("c.plens", "d.plens"):
        assert pocketlens("export", "check", tmp_path / name) == 2
    told = capsys.readouterr()
    assert told.out == "" and told.err.count("\n") == 4
    assert "where its manifest promises" in told.err and "by its manifest it is" in told.err
    assert told.err.count("fp16-frame.onnx is no graph that can be run") == 2


def test_weights_that_graphs_share_are_kept_once(opened: Bundle):
    held = [graph.weights for graph in opened.manifest.graphs]
    assert all(held) and len({name for names in held for name in names}) < len(held)
    kernels = [onnx.load_from_string(opened.whole(graph)).graph.initializer for graph in opened.manifest.graphs]
    for graph, whole in zip(opened.manifest.graphs, kernels, strict=True):
        assert len({tensor.name for tensor in whole}) == len(whole), "each is there once"
        assert len(opened.files[graph.file]) < len(opened.whole(graph)) - 1000


@pytest.mark.parametrize("lost", ["samples", "limits"])
def test_a_bundle_that_cannot_be_checked_says_why(opened: Bundle, tmp_path: Path, lost: str, capsys):
    empty = {"samples": [], "limits": {}}[lost]
    files = {name: data for name, data in opened.files.items() if lost != "samples" or not name.startswith(lost)}
    bundles.write(tmp_path / "a.plens", opened.manifest.model_copy(update={lost: empty}), files)
    assert pocketlens("export", "check", tmp_path / "a.plens") == 2
    assert {"samples": "no sample pictures", "limits": "no limit for fp32"}[lost] in capsys.readouterr().err


def test_check_is_for_bundles(run_folder: Path, capsys: pytest.CaptureFixture[str]):
    assert pocketlens("export", "check", run_folder) == 2
    assert "make one with: pocketlens export bundle" in capsys.readouterr().err


def test_the_same_contents_are_the_same_bytes(run_folder: Path, tmp_path: Path):
    for name in ("one", "two"):
        out = tmp_path / name / "a.plens"
        command = (
            "export",
            "bundle",
            run_folder,
            "-o",
            out,
            "--precisions",
            "fp16, fp32, fp16",
            "--seconds",
            0,
            "--quiet",
        )
        assert pocketlens(*command) == 0
    assert (tmp_path / "one" / "a.plens").read_bytes() == (tmp_path / "two" / "a.plens").read_bytes()
    manifest = bundles.read(tmp_path / "one" / "a.plens").manifest
    assert len(manifest.graphs) == 8 and {graph.precision for graph in manifest.graphs} == {"fp32", "fp16"}
    assert manifest.provenance["calibration"] == {} and "nncf" not in manifest.provenance["versions"]


def test_the_run_it_is_from_is_told_without_the_places_of_this_machine(tmp_path: Path, capsys):
    run = write_teacher(tmp_path / "run", "sesr", channels=4, blocks=1, width=4)
    recipe = {"student": {"name": "sesr"}, "data": {"train": ["/data/of/mine/T91", "sample"]}, "teacher": "/my/rrdb"}
    teacher = {"name": "/my/rrdb", "weights_sha256": "0"}
    (run / "metrics.json").write_text(json.dumps({"recipe": recipe, "teacher": teacher, "steps": 5, "seconds": 1.5}))
    command = (
        "export",
        "bundle",
        run / "weights.safetensors",
        "-o",
        tmp_path / "a.plens",
        "--precisions",
        "fp32",
        "--seconds",
        0,
    )
    assert pocketlens(*command, "--json", "-") == 0
    told = json.loads(capsys.readouterr().out)
    assert told == json.loads(bundles.read(tmp_path / "a.plens").manifest.model_dump_json())
    assert told["provenance"]["recipe"]["data"]["train"] == ["T91", "sample"]
    assert told["provenance"]["teacher"]["name"] == "rrdb" and told["provenance"]["steps"] == 5
    assert told["files"].keys() >= {graph["file"] for graph in told["graphs"]}


def test_the_limits_of_the_recipe_are_sealed(tmp_path: Path, capsys):
    run = write_teacher(tmp_path / "run", "sesr", channels=4, blocks=1, width=4)
    told = {"recipe": {"limits": {"psnr": 0.5}}, "teacher": None, "steps": 5, "seconds": 1.5}
    (run / "metrics.json").write_text(json.dumps(told))
    command = ("export", "bundle", run, "-o", tmp_path / "a.plens", "--precisions", "fp32", "--seconds", 0)
    assert pocketlens(*command, "--quiet") == 0
    contract = bundles.read(tmp_path / "a.plens").manifest.contract
    assert contract and (contract.limits.psnr, contract.limits.gap) == (0.5, 0.1)
    told["recipe"]["limits"] = {"psnr": -1}
    (run / "metrics.json").write_text(json.dumps(told))
    assert pocketlens(*command, "--force") == 2
    assert "[limits] of the run's recipe: psnr" in capsys.readouterr().err


def test_a_gap_beyond_its_limit_is_told_when_it_is_sealed(
    opened: Bundle, run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
):
    assert opened.manifest.contract
    contract = opened.manifest.contract.model_copy(deep=True)
    for scores in contract.sets["photos"].scores:
        if scores.precision == "int8":
            scores.psnr[:] = [value - 0.2 for value in scores.psnr]
    worse = Bundle(opened.manifest.model_copy(update={"contract": contract}), opened.files, "a")
    command = ("export", "bundle", run_folder, "-o", tmp_path / "a.plens", "--precisions", "fp32", "--force")
    for made, warned in ((opened, False), (worse, True)):
        monkeypatch.setattr("pocketlens.export.seal.seal", lambda *_, made=made: made)
        assert pocketlens(*command, "--quiet") == 0
        told = capsys.readouterr().err
        assert ("a: verify will fail: gap int8 onnxruntime photos, as sealed: 0.2" in told) == warned


def test_the_card_of_the_recipe_is_sealed_word_for_word_and_once(tmp_path: Path, capsys):
    run = write_teacher(tmp_path / "run", "sesr", channels=4, blocks=1, width=4)
    recipe = {"card": {"intended_use": "Phones and/or tests"}}
    told = {"recipe": recipe, "teacher": None, "steps": 5, "seconds": 1.5}
    (run / "metrics.json").write_text(json.dumps(told))
    (run / "recipe.toml").write_text('[card]\nintended_use = "Phones and/or tests, mended"\n')
    command = ("export", "bundle", run, "-o", tmp_path / "a.plens", "--precisions", "fp32", "--seconds", 0)
    assert pocketlens(*command, "--quiet") == 0
    manifest = bundles.read(tmp_path / "a.plens").manifest
    assert manifest.card.intended_use == "Phones and/or tests, mended"
    assert "card" not in manifest.provenance["recipe"]
    (run / "recipe.toml").write_text("[card]\npurpose = 'tests'\n")
    assert pocketlens(*command, "--force") == 2
    assert "[card] of" in capsys.readouterr().err
    (run / "recipe.toml").write_text("[card\n")
    assert pocketlens(*command, "--force") == 2
    assert "cannot be read as TOML" in capsys.readouterr().err


def test_how_the_training_went_is_sealed_at_some_of_its_steps(tmp_path: Path):
    run = write_teacher(tmp_path / "run", "sesr", channels=4, blocks=1, width=4)
    rows = [{"step": step, "psnr_y": 30 + step / 1e4, "pixel": 0.5, "note": "no number"} for step in range(1, 1001)]
    (run / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    command = ("export", "bundle", run, "-o", tmp_path / "a.plens", "--precisions", "fp32", "--seconds", 0)
    assert pocketlens(*command, "--quiet") == 0
    curve = bundles.read(tmp_path / "a.plens").manifest.curve
    assert curve[0] == {"step": 1, "psnr_y": 30.0001, "pixel": 0.5} and curve[-1]["step"] == 1000
    assert 24 <= len(curve) <= 60


def test_no_picture_counts_more_than_one_that_is_as_good_as_equal(opened: Bundle):
    flat = task("upscale").cases([("flat", np.full((48, 64, 3), 128, np.uint8))], opened.manifest)
    scores = task("upscale").score(opened, flat)
    assert scores["psnr_y_bicubic"] == PERFECT


def test_what_was_measured_is_sealed_and_kept_where_it_was_made(sealed: Path, opened: Bundle, photos: Path):
    contract = opened.manifest.contract
    assert contract and set(contract.sets) == {"samples", "photos"}
    assert [contract.sets[name].pictures for name in ("samples", "photos")] == [12, 4]
    assert contract.recordings == []
    held = {(each.engine, each.precision) for each in contract.sets["photos"].scores}
    assert {("onnxruntime", precision) for precision in ("fp32", "fp16", "int8")} <= held
    assert pocketlens("verify", sealed, "--data", photos, "--seconds", 0, "--quiet") == 0


def test_the_drawn_pictures_are_varied_and_always_the_same():
    first, second = draw(), draw()
    assert len(first) == 12 == len({name for name, _ in first})
    for (name, one), (_, other) in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.shape == (SIDE, SIDE, 3) and one.dtype == np.uint8
        assert one.std() > 3, name
    means = {name: bgr.mean() for name, bgr in first}
    assert means["dark"] < 45 and means["bright"] > 210
