"""A network that was trained in imitated int8 is exported as it was trained, with no calibration."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from commands import pocketlens
from graphs import run
from pocketlens.core import checkpoint
from pocketlens.core.checkpoint import Checkpoint
from pocketlens.core.metrics import psnr
from pocketlens.core.tensorrt_plan import Settings, build_plan, pick_flavour
from pocketlens.distill.fake_quant import imitate_int8
from pocketlens.distill.recipe import Recipe
from pocketlens.distill.run import run as train
from pocketlens.export import quantize
from pocketlens.export.build import Graphs
from pocketlens.export.fit import input_shapes, read_graph
from pocketlens.export.samples import draw
from runs import PLAIN, recipe, write_photos, write_teacher

SMALL = {"sesr": {"channels": 8, "blocks": 1, "width": 16}, "fsrcnn": {"d": 8, "s": 4, "m": 1}}
FIRST = {"sesr": "first", "fsrcnn": "extract.0"}
Trained = Callable[[str, str], Path]
"""(network, processor) -> the run folder."""
Build = Callable[[str, str], Graphs]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Small students after a few dozen steps in int8, all of whose layers compute in it, once for each processor."""
    folder = tmp_path_factory.mktemp("learned")
    photos = write_photos(folder / "photos")

    @cache
    def one(name: str, processor: str) -> Path:
        start = write_teacher(folder / f"{name}-start", name, **SMALL[name])
        changes = {
            "student": {"name": name, **SMALL[name]},
            "start": str(start),
            "quantize": {"processor": processor, "picture": True},
            "steps": 40,
            "eval_every": 40,
            "loss": PLAIN,
        }
        out = folder / f"{name}-{processor}"
        train(Recipe.model_validate(recipe(photos, **changes)), out, quiet=True)
        return out

    return one


@pytest.fixture(scope="module")
def built(trained: Trained) -> Build:
    """The graphs of such a student, which is traced once."""
    return cache(lambda name, processor: Graphs(checkpoint.load(trained(name, processor))))


@pytest.fixture(autouse=True)
def without_calibration(monkeypatch: pytest.MonkeyPatch) -> None:
    """NNCF has no part in this."""
    monkeypatch.delattr(quantize, "_run_nncf")


def frame() -> np.ndarray:
    """Edges, as the network takes them."""
    grey = dict(draw())["edges"][:48, :64, :1].astype(np.float32) / 255
    return np.moveaxis(grey, -1, 0)[None]


def imitated(one: Checkpoint, processor: str) -> np.ndarray:
    """What the network makes of `frame()` in torch, in imitated int8."""
    network = deepcopy(one.deployed())
    imitate_int8(network, one.ranges, signed=processor == "tensorrt")
    with torch.inference_mode():
        return network.eval()(torch.from_numpy(frame())).clamp(0, 1).numpy()


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
@pytest.mark.parametrize("processor", ["cpu", "tensorrt"])
@pytest.mark.parametrize("name", SMALL)
def test_the_graph_gives_the_picture_of_training(
    trained: Trained, built: Build, name: str, processor: str, engine: str
):
    one = checkpoint.load(trained(name, processor))
    graphs = built(name, processor)
    made, wanted = run(graphs.build("int8", "float", processor), frame(), engine), imitated(one, processor)
    assert np.abs(made - wanted).max() * 255 <= 1
    fp32 = run(graphs.build("fp32"), frame())
    assert np.abs(fp32 - wanted).max() * 255 > 3 * np.abs(made - wanted).max() * 255, "int8 is not fp32"


@pytest.mark.parametrize("name", SMALL)
def test_every_layer_that_was_trained_in_int8_is_exported_in_it(trained: Trained, built: Build, name: str):
    one = checkpoint.load(trained(name, "cpu"))
    for processor, in_float in (("cpu", set()), ("tensorrt", {FIRST[name]})):
        graph = built(name, "cpu").build("int8", "float", processor).graph
        made_by = {made: node.op_type for node in graph.node for made in node.output}
        convolutions = [node for node in graph.node if node.op_type in ("Conv", "ConvTranspose")]
        kinds = [[made_by.get(given) == "DequantizeLinear" for given in node.input[:2]] for node in convolutions]
        assert kinds.count([True, True]) == len(one.ranges) - len(in_float)
        assert kinds.count([False, False]) == len(in_float)
        held = {tensor.name for tensor in graph.initializer}
        assert sum(f"network.{layer}.weight" in held for layer in one.ranges) == len(in_float), "the others are 8-bit"


@pytest.mark.parametrize("face", ["float", "frame"])
@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("processor", ["cpu", "tensorrt"])
def test_tensorrt_builds_a_plan_of_it(built: Build, name: str, face: str, processor: str, tmp_path: Path):
    pytest.importorskip("tensorrt_rtx")
    onnx.save(built(name, processor).build("int8", face, "tensorrt"), tmp_path / "a.onnx")
    graph = read_graph(tmp_path / "a.onnx")
    shapes = input_shapes(graph, [(16, 16), (32, 48), (64, 64)])
    assert len(build_plan(graph.SerializeToString(), shapes, pick_flavour("rtx"), Settings(["86", "89"]))) > 10_000


def test_a_bundle_says_that_the_ranges_are_from_training(trained: Trained, tmp_path: Path):
    out = tmp_path / "a.plens"
    command = ("export", "bundle", trained("sesr", "cpu"), "-o", out, "--precisions", "fp32,int8", "--quiet")
    assert pocketlens(*command) == 0
    from pocketlens.core.bundle import read

    bundle = read(out)
    assert bundle.manifest.provenance["calibration"] == {"source": "training"}
    model = onnx.load_from_string(bundle.graph("int8", "float", "cpu"))
    assert psnr(run(model, frame()), imitated(checkpoint.load(trained("sesr", "cpu")), "cpu"), peak=1.0) > 60


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("export", "onnx", "RUN", "-o", "OUT.onnx", "--precision", "int8", "--calib", "."), "leave --calib out"),
        (("quantize", "RUN", "--explain"), "was trained in int8 and is exported as it was trained"),
    ],
)
def test_what_calibration_is_for_is_refused(
    trained: Trained, tmp_path: Path, command: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
):
    places = {"RUN": trained("sesr", "cpu"), "OUT.onnx": tmp_path / "a.onnx"}
    assert pocketlens(*(places.get(one, one) for one in command)) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "a.onnx").exists()
