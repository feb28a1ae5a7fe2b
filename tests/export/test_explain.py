"""`pocketlens quantize --explain` names the layers that int8 hurts, and the least that mends it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
from bundles import make_bundle
from commands import pocketlens
from graphs import run, spoilt
from pocketlens.core.errors import BadInput
from pocketlens.export.calibration import Case
from pocketlens.export.explain import _limit, quantize
from pocketlens.export.layers import layers, work
from pocketlens.export.provenance import provenance_of
from pocketlens.export.quantize import LIMITS, Form, forms
from pocketlens.export.sensitivity import Trials, smallest_float_set
from runs import write_photos, write_teacher

HARMLESS = dict.fromkeys(["extract.0", "shrink.0", "map.0", "expand.0", "head"], 0.0)
"""Layer of a small FSRCNN -> how far int8 in it alone moves the picture."""


def trials(graph: onnx.ModelProto, errors: Mapping[str, float]) -> Trials:
    """Of a network whose int8 layers each add an error to the picture; fp32 stands at 40 dB."""
    frame = np.full((1, 1, 16, 16), 0.5, np.float32)
    noise = np.random.default_rng(0).normal(0, 0.01, (1, 1, 32, 32)).astype(np.float32)
    truth = run(graph, frame) + noise - noise.mean()
    found = layers(graph.graph)

    def quantizer(islands: Sequence[str]) -> onnx.ModelProto:
        return spoilt(graph, sum(errors[layer.name] for layer in found if layer.nodes[0] not in islands))

    return Trials(Form(graph, [], quantizer), [Case({"frame": frame}, truth)])


def float_set(graph: onnx.ModelProto, errors: Mapping[str, float], limit: float) -> list[str] | None:
    tried = trials(graph, errors)
    found = smallest_float_set(tried, [tried.alone(layer) for layer in tried.layers], limit)
    return None if found is None else [layer.name for layer in found]


def test_a_layer_is_charged_with_what_it_alone_does(build):
    tried = trials(build("fsrcnn", "fp32"), HARMLESS | {"map.0": 0.02})
    effects = {layer.name: tried.alone(layer).effect for layer in tried.layers}
    assert tried.fp32 == pytest.approx(40, abs=0.3)
    assert effects["map.0"].lost == pytest.approx(10 * np.log10(5), abs=0.3), "0.02 beside a noise of 0.01"
    assert effects["map.0"].likeness == pytest.approx(-20 * np.log10(0.02), abs=0.01)
    assert {effects[name].lost for name in HARMLESS if name != "map.0"} == {0}


@pytest.mark.parametrize(
    ("errors", "limit", "wanted"),
    [
        ({}, 0.1, []),
        ({"map.0": 0.02}, 0.1, ["map.0"]),
        ({"map.0": 0.02}, 8.0, []),
        ({"map.0": 0.01, "expand.0": 0.01, "shrink.0": 0.01}, 7.5, ["shrink.0"]),
        # For its work shrink.0 loses the most, but once head is in float, which must be, it can be int8 again.
        ({"shrink.0": 0.01, "head": 0.04}, 5.0, ["head"]),
        (dict.fromkeys(HARMLESS, 0.02), 0.1, None),
    ],
)
def test_the_least_work_that_meets_the_limit_stays_in_float(
    build, errors: dict[str, float], limit: float, wanted: list[str] | None
):
    assert float_set(build("fsrcnn", "fp32"), HARMLESS | errors, limit) == wanted


def test_one_layer_in_int8_is_that_layer_alone(build):
    graph = build("sesr", "fp32")
    frame = {"frame": np.random.default_rng(0).random((1, 1, 16, 16), np.float32)}
    made: list[onnx.ModelProto] = []
    form = forms(graph, [frame])["cpu"]

    def watched(islands: Sequence[str]) -> onnx.ModelProto:
        made.append(form.quantizer(islands))
        return made[-1]

    tried = Trials(Form(form.graph, form.fixed, watched), [Case(frame, run(graph, frame["frame"]) + 0.01)])
    for layer in tried.layers:
        tried.alone(layer)
        assert [one.name for one in tried.layers if one not in tried.in_float(made[-1])] == [layer.name]
        assert sum(node.op_type == "DequantizeLinear" for node in made[-1].graph.node) == 2, "its input, its weights"


def test_weights_that_serve_two_frames_are_one_layer(build):
    graph = build("ifnet_lite", "fp32")
    places = {layer.name: len(layer.nodes) for layer in layers(graph.graph)}
    assert {name for name, count in places.items() if count == 2} == {
        "quarter.stems.0", "quarter.rest.1.0", "eighth.0", "sixteenth.0"
    }  # fmt: skip
    assert "coarse.head" in places


def test_work_is_counted_in_multiply_adds(build):
    shares = work(build("fsrcnn", "fp32"), {"frame": np.zeros((1, 1, 8, 12), np.float32)})
    # 5x5x1x8, 8x4, 3x3x4x4, 4x8, and 9x9x8x1 for each pixel that comes in.
    counts = {"extract.0": 200, "shrink.0": 32, "map.0": 144, "expand.0": 32, "head": 648}
    assert shares == pytest.approx({name: count / sum(counts.values()) for name, count in counts.items()})


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_photos(tmp_path_factory.mktemp("photos"), count=3)


@pytest.mark.parametrize("processor", ["cpu", "tensorrt"])
def test_the_command_tells_what_each_layer_loses_and_what_export_does(
    run_folder: Path, photos: Path, tmp_path: Path, processor: str, capsys: pytest.CaptureFixture[str]
):
    given = ("quantize", run_folder, "--explain", "--for", processor, "--calib", photos, "--limit", 20)
    assert pocketlens(*given, "--json", tmp_path / "a.json", "--plot", tmp_path / "a.png") == 0
    told: dict[str, Any] = json.loads((tmp_path / "a.json").read_text())
    names = ["body.0", "last"] if processor == "tensorrt" else ["body.0", "first", "last"]
    lost = [layer["lost"] for layer in told["layers"]]
    assert sorted(layer["name"] for layer in told["layers"]) == names and lost == sorted(lost, reverse=True)
    assert told["always_float"] == (["first"] if processor == "tensorrt" else [])
    assert told["measured_on"] == {"pictures": 3, "of": "calibration"} and told["limit"] == 20
    sets = told["float_sets"]
    assert sets["smallest"] == sets["all int8"] == {**sets["all int8"], "float": [], "share_of_work": 0}
    text = capsys.readouterr().out
    assert all(name in text for name in (*names, "smallest", "limit 20.00 dB (--limit)"))
    drawn = cv2.imread(str(tmp_path / "a.png"))
    assert drawn is not None and drawn.std() > 10


def test_it_measures_on_the_pictures_that_are_given(
    run_folder: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    write_photos(tmp_path / "more", count=2)
    data = ("--data", photos, "--data", tmp_path / "more", "--calib", photos)
    assert pocketlens("quantize", run_folder, "--explain", *data, "--limit", 0, "--json", "-") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["measured_on"] == {"pictures": 5, "of": "data"}
    smallest = told["float_sets"]["smallest"]
    assert smallest is None or smallest["lost"] <= 0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "--precision int8"),
        (["--explain", "--limit", "nan"], "--limit is in dB, 0 or more, not nan"),
        (["--explain", "--limit=-1"], "--limit is in dB, 0 or more, not -1"),
        (["--explain", "--for", "gpu"], "--for takes cpu, tensorrt, not 'gpu'"),
        (["--explain", "--plot", "a.jpg"], "name the output NAME.png, not 'a.jpg'"),
        (["--explain", "--plot", "TAKEN"], "taken.png exists"),
        (["--explain", "--data", "EMPTY"], "no picture"),
    ],
)
def test_wrong_use_is_refused_before_any_work(
    run_folder: Path, tmp_path: Path, options: list[str], told: str, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "taken.png").write_bytes(b"precious")
    (tmp_path / "empty").mkdir()
    places = {"TAKEN": str(tmp_path / "taken.png"), "EMPTY": str(tmp_path / "empty")}
    assert pocketlens("quantize", run_folder, *[places.get(one, one) for one in options]) == 2
    captured = capsys.readouterr()
    assert told in captured.err and captured.err.count("\n") == 1 and captured.out == ""
    assert (tmp_path / "taken.png").read_bytes() == b"precious"


def test_a_bundle_is_refused_with_a_mend(tmp_path: Path):
    with pytest.raises(BadInput, match="give the run folder it was made from: what distill run wrote"):
        quantize(str(make_bundle(tmp_path / "a.plens")), explain=True)


def test_a_shipped_model_is_refused_with_the_run_that_it_was_made_from():
    with pytest.raises(BadInput) as refused:
        quantize("sesr-x2", explain=True)
    run = Path(str(refused.value).rpartition(": ")[2])
    assert run.name == "sesr-x2" and (run / "model.json").is_file()


def test_the_limit_is_what_verify_asks_where_there_are_pictures_to_ask_it_of(tmp_path: Path):
    run = write_teacher(tmp_path / "run", "sesr", channels=4, blocks=1, width=4)
    assert [_limit({}, "upscale", on_data, None)[0] for on_data in (False, True)] == [LIMITS["upscale"], 0.1]
    told = {"recipe": {"limits": {"gap": 0.02}}, "teacher": None, "steps": 5, "seconds": 1.5}
    (run / "metrics.json").write_text(json.dumps(told))
    assert _limit(provenance_of(run), "upscale", True, None) == (0.02, "what verify asks of --data")
    assert _limit(provenance_of(run), "upscale", True, 0.5) == (0.5, "--limit")


def test_a_model_of_worn_pictures_is_measured_on_worn_ones(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    run, photos = write_teacher(tmp_path / "run", "sesr", channels=4, blocks=1, width=4), tmp_path / "photos"
    write_photos(photos, 3)
    reached = []
    for kind in ("bicubic", "real"):
        told = {"recipe": {"data": {"degradation": kind}}, "teacher": None, "steps": 5, "seconds": 1.5}
        (run / "metrics.json").write_text(json.dumps(told))
        words = ("--explain", "--data", photos, "--calib", photos, "--json", "-")
        assert pocketlens("quantize", run, *words) == 0
        reached.append(json.loads(capsys.readouterr().out)["fp32_psnr"])
    assert reached[1] < reached[0] - 0.5
