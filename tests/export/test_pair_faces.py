"""Every interpolator's graphs do what the network does, at any size and moment, whichever face is asked."""

from __future__ import annotations

import copy
from functools import cached_property
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from graphs import run_all
from moving import slid, to_feeds
from network_contract import Case, cases
from onnx import TensorProto, helper
from pocketlens.core import remap
from pocketlens.core.catalog import NETWORKS, STUDENTS, TEACHERS
from pocketlens.core.checkpoint import Checkpoint
from pocketlens.core.errors import BadInput
from pocketlens.core.manifest import PARTS
from pocketlens.core.metrics import psnr
from pocketlens.distill.torch_interpolator import torch_interpolator
from pocketlens.export.build import Graphs
from pocketlens.export.dataflow import WARP, delicate
from pocketlens.export.faces import faces_of, frame_face, require_face
from pocketlens.export.graph import constants, set_array

SIDES = ["{}*height", "{}*width"]
FLOW = (3.0, -1.5)


def dims(value: onnx.ValueInfoProto) -> list[str | int]:
    return [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]


class Exported:
    """One network, its graphs made as they are asked for."""

    def __init__(self, case: Case) -> None:
        self.spec, self.network = case.spec, case.network()
        self.graphs = Graphs(Checkpoint(case.name, case.options, self.network, "0" * 64))

    @cached_property
    def built(self) -> dict[tuple[str, str], onnx.ModelProto]:
        return {(p, f): self.graphs.build(p, f) for p in ("fp32", "fp16") for f in faces_of(self.spec)}

    def torch(self, feeds: dict[str, np.ndarray]) -> np.ndarray:
        with torch.inference_mode():
            made = self.network(*(torch.from_numpy(feeds[name].copy()) for name in self.spec.inputs))
        return made.picture.clamp(0, 1).numpy()


def chosen() -> list[Any]:
    """Every network; a teacher takes up to a minute to trace."""
    teachers = cases(TEACHERS, small=2, task="interpolate")
    slow = [pytest.param(*case.values, id=case.id, marks=pytest.mark.long) for case in teachers]
    return [*cases(STUDENTS, small=2, task="interpolate"), *slow]


@pytest.fixture(scope="module", params=chosen())
def exported(request: pytest.FixtureRequest) -> Exported:
    return Exported(request.param)


def outside_picture(exported: Exported, face: str, feeds: dict[str, np.ndarray], precision: str = "fp32") -> np.ndarray:
    made = run_all(exported.built[precision, face], feeds)
    early, late = (np.ascontiguousarray(np.moveaxis(feeds[name][0], 0, -1)) for name in ("before", "after"))
    parts = [array[0] for array in made.values()]
    motion = parts if face == "split" else remap.parted(*parts, *early.shape[:2])
    fused = remap.fuse(early, late, *motion, sampling=exported.spec.sampling)
    return np.moveaxis(fused, -1, 0)[None].clip(0, 1)


@pytest.mark.parametrize("t", [0.5, 0.2])
def test_in_fp32_it_is_the_network(exported: Exported, t: float):
    align = exported.spec.align
    for height, width in ((1, 1), (2, 3)):
        feeds = to_feeds(*slid(height * align, width * align, 3, 1), t=t)
        made = run_all(exported.built["fp32", "float"], feeds)["between"]
        np.testing.assert_allclose(made, exported.torch(feeds), atol=1e-4)


def test_several_pairs_go_through_at_once_each_at_its_own_moment(exported: Exported):
    align = exported.spec.align
    pairs = [to_feeds(*slid(align, 2 * align, 2 * seed, seed=seed), t=t) for seed, t in enumerate((0.1, 0.5, 0.8))]
    together = {name: np.concatenate([pair[name] for pair in pairs]) for name in pairs[0]}
    made = run_all(exported.built["fp32", "float"], together)["between"]
    for index, pair in enumerate(pairs):
        np.testing.assert_allclose(made[index : index + 1], exported.torch(pair), atol=1e-4)


def test_all_faces_give_the_same_picture_to_one_grey_level(exported: Exported):
    align = exported.spec.align
    before, after = slid(2 * align, 3 * align, 4, 2)
    feeds = to_feeds(before, after, 0.3)
    wanted = run_all(exported.built["fp32", "float"], feeds)["between"]
    framed = run_all(exported.built["fp32", "frame"], {"before": before[None], "after": after[None], "t": feeds["t"]})
    rgb = np.moveaxis(framed["between"][..., ::-1], -1, 1) / 255
    assert np.abs(rgb - wanted).max() <= 1 / 255
    for face in PARTS if exported.spec.split else ():
        assert np.abs(outside_picture(exported, face, feeds) - wanted).max() <= 1 / 255


def test_frames_of_any_size_are_the_picture_to_one_grey_level(exported: Exported):
    between = torch_interpolator(exported.network, exported.spec)
    for height, width in ((1, 1), (1, 7), (19, 33), (64, 70)):
        before, after = slid(height, width, 2, 1)
        feeds = {"before": before[None], "after": after[None], "t": np.array([0.4], np.float32)}
        made = run_all(exported.built["fp32", "frame"], feeds)["between"]
        assert made.dtype == np.uint8 and made.shape == (1, height, width, 3)
        assert np.abs(made[0].astype(int) - between(before, after, 0.4)).max() <= 1


def test_in_fp16_every_face_is_close_and_convolutions_store_half(exported: Exported):
    align = exported.spec.align
    feeds = to_feeds(*slid(2 * align, 2 * align, 3), t=0.5)
    wanted = exported.torch(feeds)
    assert psnr(run_all(exported.built["fp16", "float"], feeds)["between"], wanted, peak=1.0) > 50
    for face in PARTS if exported.spec.split else ():
        assert psnr(outside_picture(exported, face, feeds, "fp16"), wanted, peak=1.0) > 50
    kernels = [tensor for tensor in exported.built["fp16", "float"].graph.initializer if len(tensor.dims) == 4]
    assert {kernel.data_type for kernel in kernels} == {TensorProto.FLOAT16}


def test_what_comes_out_is_a_colour_and_a_share_whatever_goes_in(exported: Exported):
    side = exported.spec.align
    wild = {name: value * 9 - 4 if name != "t" else value for name, value in to_feeds(*slid(side, side, 5)).items()}
    made = run_all(exported.built["fp32", "float"], wild)["between"]
    assert made.min() >= 0 and made.max() <= 1
    if exported.spec.split:
        mask = run_all(exported.built["fp32", "split"], wild)["mask"]
        assert mask.min() >= 0 and mask.max() <= 1


def test_its_dimensions_tell_what_goes_in_and_what_comes_out(exported: Exported):
    sides = [side.format(exported.spec.align) for side in SIDES]
    for (_, face), model in exported.built.items():
        graph = model.graph
        assert [value.name for value in graph.input] == ["before", "after", "t"]
        assert dims(graph.input[2]) == ["n"]
        pictures = ["n", "height", "width", 3] if face == "frame" else ["n", 3, *sides]
        assert dims(graph.input[0]) == dims(graph.input[1]) == pictures
        outputs = {value.name: dims(value) for value in graph.output}
        if face == "motion":
            (found,) = outputs.values()
            assert found in (["n", 5, *sides], ["n", 5, *(side.format(exported.spec.align // 2) for side in SIDES)])
            continue
        motion = {"flow_before": ["n", 2, *sides], "flow_after": ["n", 2, *sides], "mask": ["n", 1, *sides]}
        assert outputs == (motion if face == "split" else {"between": pictures})
        assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 18)]


def test_openvino_gives_the_same_picture(exported: Exported):
    pytest.importorskip("openvino")
    align = exported.spec.align
    feeds = to_feeds(*slid(align, 2 * align, 3))
    for (_, face), model in exported.built.items():
        if face != "frame":
            wanted, made = run_all(model, feeds), run_all(model, feeds, "openvino")
            for name, values in wanted.items():
                np.testing.assert_allclose(made[name], values, atol=5e-3)


def test_frames_are_fetched_for_the_picture_as_the_network_says_and_all_else_bilinearly(exported: Exported):
    warps = [node for node in exported.built["fp32", "float"].graph.node if node.op_type == WARP]
    modes = [helper.get_node_attr_value(node, "mode").decode() for node in warps]
    assert modes == ["bilinear"] * (len(modes) - 2) + [exported.spec.sampling] * 2


@pytest.mark.parametrize("refine", [False, True])
def test_a_picture_that_is_more_than_a_blend_is_warped_in_the_graph(refine: bool):
    rife = NETWORKS.get("rife")
    spec = rife.spec(rife.options(refine=refine))
    for face in PARTS:
        assert (face in faces_of(spec)) is not refine
        if refine:
            with pytest.raises(BadInput, match="rife draws its picture by more than a blend of two warped frames"):
                require_face(face, spec, "rife")


@pytest.mark.parametrize("size", [(37, 53), (64, 64), (1, 5)])
def test_padding_does_not_bend_the_flow(still: onnx.ModelProto, size: tuple[int, int]):
    """A network whose flow is the same everywhere fetches each pixel from where that points in the frame itself."""
    before, after = slid(*size, 6)
    made = run_all(still, {"before": before[None], "after": after[None], "t": np.array([0.5], np.float32)})
    flow = np.full((2, *size), np.array(FLOW)[:, None, None], np.float32)
    wanted = np.clip(remap.warp(before.astype(np.float32), flow, "bicubic"), 0, 255)
    assert np.abs(made["between"][0] - wanted).max() <= 1


@pytest.fixture(scope="module")
def still(build) -> onnx.ModelProto:
    """The `frame` graph of a network that finds one flow everywhere, and shows the earlier frame alone."""
    model = copy.deepcopy(build("ifnet_lite", "fp32"))
    nodes, tensors = {node.name: node for node in model.graph.node}, constants(model.graph)
    *coarser, last = [nodes[name] for name in delicate(model.graph).heads]
    for head in (*coarser, last):
        for tensor in (tensors[name] for name in head.input[1:]):
            set_array(tensor, np.zeros(tensor.dims, np.float32))
    # Five planes at a quarter of the size, four places each: both flows in pixels of half the size, and the mask.
    half = np.array([FLOW[0] / 2, FLOW[1] / 2, 0, 0, 30], np.float32)
    set_array(tensors[last.input[2]], half.repeat(4))
    ifnet = NETWORKS.get("ifnet_lite")
    return frame_face(model, ifnet.spec(ifnet.options()))
