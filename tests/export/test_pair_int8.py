"""int8 graphs of interpolators: the trunk alone is quantized, and the faces agree."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from graphs import run_all
from moving import slid, to_feeds
from pocketlens.core import remap
from pocketlens.core.metrics import psnr
from pocketlens.export.dataflow import delicate
from pocketlens.export.pairs import draw_pairs

PROCESSORS = ["cpu", "tensorrt"]


def made_by(graph: onnx.GraphProto) -> dict[str, onnx.NodeProto]:
    return {name: node for node in graph.node for name in node.output}


@pytest.mark.parametrize("processor", PROCESSORS)
def test_all_but_what_sees_or_places_pixels_is_quantized(build, processor: str):
    wanted, graph = build("ifnet_lite", "fp32").graph, build("ifnet_lite", "int8", "float", processor).graph
    kinds = {name: node.op_type for name, node in made_by(graph).items()}
    delicate_nodes = delicate(wanted).nodes
    for node in graph.node:
        if node.name in delicate_nodes:
            assert not {kinds.get(name) for name in node.input} & {"QuantizeLinear", "DequantizeLinear"}, node.name
    quantized = [n for n in graph.node if n.op_type == "Conv" and kinds.get(n.input[1]) == "DequantizeLinear"]
    convolutions = sum(node.op_type == "Conv" for node in wanted.node)
    reading_motion, seeing_frames = 2, 2 if processor == "tensorrt" else 0
    assert len(quantized) == convolutions - reading_motion - seeing_frames


@pytest.mark.parametrize("processor", PROCESSORS)
def test_int8_stays_close_to_fp32(build, processor: str):
    for t in (0.5, 0.25):
        feeds = to_feeds(*slid(64, 96, 4, 2), t=t)
        wanted = run_all(build("ifnet_lite", "fp32"), feeds)["between"]
        made = run_all(build("ifnet_lite", "int8", "float", processor), feeds)["between"]
        assert psnr(made, wanted, peak=1.0) > 30, "of a network that no training has made smooth"


@pytest.mark.parametrize("processor", PROCESSORS)
def test_the_faces_of_int8_give_one_picture(build, processor: str):
    before, after = slid(64, 80, 5, 1)
    feeds = to_feeds(before, after)
    wanted = run_all(build("ifnet_lite", "int8", "float", processor), feeds)["between"][0]
    made = run_all(build("ifnet_lite", "int8", "split", processor), feeds)
    early, late = (np.ascontiguousarray(np.moveaxis(feeds[name][0], 0, -1)) for name in ("before", "after"))
    small = run_all(build("ifnet_lite", "int8", "motion", processor), feeds)["motion"][0]
    assert small.shape == (5, 32, 40)
    for parts in ([made[name][0] for name in ("flow_before", "flow_after", "mask")], remap.parted(small, 64, 80)):
        fused = remap.fuse(early, late, *parts, sampling="bicubic").clip(0, 1)
        assert np.abs(np.moveaxis(fused, -1, 0) - wanted).max() <= 1 / 255
    frames = {"before": before[None], "after": after[None], "t": feeds["t"]}
    framed = run_all(build("ifnet_lite", "int8", "frame", processor), frames)["between"][0]
    assert np.abs(np.moveaxis(framed[..., ::-1], -1, 0) / 255 - wanted).max() <= 1 / 255


def test_openvino_agrees_with_onnxruntime(build):
    pytest.importorskip("openvino")
    feeds = to_feeds(*slid(64, 96, 3))
    graph = build("ifnet_lite", "int8", "split")
    wanted, made = run_all(graph, feeds), run_all(graph, feeds, "openvino")
    for name in wanted:
        assert np.abs(made[name] - wanted[name]).mean() < 0.02 * max(1, np.abs(wanted[name]).max())


def test_frames_cost_nothing_to_quantize_on_a_cpu(build):
    """A camera's pixels are k/255: on just that grid nothing is lost."""
    graph = build("ifnet_lite", "int8").graph
    tensors = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    steps = {
        node.input[0]: float(tensors[node.input[1]])
        for node in graph.node
        if node.op_type == "QuantizeLinear" and node.input[0] in ("before", "after", "t")
    }
    assert steps == pytest.approx({"before": 1 / 255, "after": 1 / 255})


def test_for_tensorrt_everything_is_signed(build):
    for face in ("float", "split", "motion", "frame"):
        graph = build("ifnet_lite", "int8", face, "tensorrt").graph
        tensors = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
        zeros = [tensors[n.input[2]] for n in graph.node if n.op_type in ("QuantizeLinear", "DequantizeLinear")]
        assert zeros and all(zero.dtype == np.int8 and not zero.any() for zero in zeros)


def test_drawn_pairs_lose_little(build):
    def picture(precision: str) -> Callable[[dict[str, np.ndarray]], np.ndarray]:
        graph = build("ifnet_lite", precision)
        return lambda feeds: run_all(graph, feeds)["between"]

    wanted, made = picture("fp32"), picture("int8")
    losses = []
    for pair in draw_pairs()[::3]:
        feeds = to_feeds(pair.before, pair.after, pair.t)
        truth = np.moveaxis(pair.truth[..., ::-1], -1, 0)[None] / 255
        losses.append(psnr(wanted(feeds), truth, peak=1.0) - psnr(made(feeds), truth, peak=1.0))
    assert np.mean(losses) < 0.15
