"""The picture is there several times on shifted grids, and the function stays what it was."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from graphs import run
from pocketlens.core.metrics import psnr
from pocketlens.export.graph import array, constants
from pocketlens.export.quantize import forms, goes_through, image_space
from pocketlens.export.samples import draw
from pocketlens.export.spread import spread

NAMES = ("rings", "clouds", "ramp", "edges")
WATCHED = [{"frame": np.moveaxis(dict(draw())[name][:, :, :1].astype(np.float32) / 255, -1, 0)[None]} for name in NAMES]
FRAME = np.moveaxis(dict(draw())["discs"][:48, :64, :1].astype(np.float32) / 255, -1, 0)[None]


def kernels(graph: onnx.ModelProto) -> list[tuple[int, ...]]:
    held = constants(graph.graph)
    return [array(held[node.input[1]]).shape for node in graph.graph.node if "Conv" in node.op_type]


def in_float(graph: onnx.ModelProto) -> list[str]:
    return image_space(graph.graph)


@pytest.mark.parametrize("signed", [False, True])
def test_in_float_nothing_changes_but_the_channels_of_what_is_quantized(build, signed: bool):
    graph = build("fsrcnn", "fp32")
    made = spread(graph, WATCHED, in_float(graph), signed)
    # d = 8, s = 4, m = 1: only the mapping layer is in int8, and what it reads is made by the shrinking one.
    assert kernels(graph)[1:3] == [(4, 8, 1, 1), (4, 4, 3, 3)]
    assert kernels(made)[1:3] == [(16, 8, 1, 1), (4, 16, 3, 3)] and kernels(made)[3:] == kernels(graph)[3:]
    for frame in (FRAME, np.zeros_like(FRAME), np.ones_like(FRAME)):
        assert np.abs(run(made, frame) - run(graph, frame)).max() < 0.5 / 255
    assert graph == build("fsrcnn", "fp32"), "the graph that was given is left alone"


def test_int8_keeps_more_of_the_picture(build):
    graph = build("fsrcnn", "fp32")
    wanted, fixed = run(graph, FRAME), in_float(graph)
    form = forms(graph, WATCHED)["cpu"]
    assert kernels(form.graph) != kernels(graph)
    found = psnr(run(form.quantizer(fixed), FRAME), wanted, peak=1.0)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("pocketlens.export.quantize.spread", lambda graph, *_: graph)
        without = psnr(run(forms(graph, WATCHED)["cpu"].quantizer(fixed), FRAME), wanted, peak=1.0)
    assert found > without + 3


def test_where_a_skip_brings_the_picture_nothing_is_copied(build):
    graph = build("sesr", "fp32")
    assert not goes_through(graph.graph) and goes_through(build("fsrcnn", "fp32").graph)
    assert kernels(forms(graph, WATCHED)["cpu"].graph) == kernels(graph)


def test_what_stays_in_float_is_left_alone(build):
    graph = build("fsrcnn", "fp32")
    everything = [node.name for node in graph.graph.node]
    assert kernels(spread(graph, WATCHED, everything, False)) == kernels(graph)
