"""Every network's graphs do what the network does, at any size."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from graphs import run
from network_contract import Case, cases
from onnx import TensorProto
from pocketlens.core.catalog import NETWORKS
from pocketlens.core.checkpoint import Checkpoint
from pocketlens.core.metrics import psnr
from pocketlens.distill.evaluate import Pair
from pocketlens.distill.torch_upscaler import torch_upscaler
from pocketlens.export.build import Graphs

FP16_DB = 45
ROOT = Path(__file__).resolve().parents[2]


def dims(value: onnx.ValueInfoProto) -> list[str | int]:
    return [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]


class Exported:
    """One network, its graphs made as they are asked for."""

    def __init__(self, case: Case) -> None:
        self.spec, self.network = case.spec, case.network()
        with torch.no_grad():
            list(self.network.parameters())[-1].add_(0.02)
        self.trained = Checkpoint(case.name, case.options, self.network, "0" * 64)
        self.graphs = Graphs(self.trained)

    @cached_property
    def built(self) -> dict[tuple[str, str], onnx.ModelProto]:
        return {(p, f): self.graphs.build(p, f) for p in ("fp32", "fp16") for f in ("float", "frame")}

    def torch(self, x: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return self.network(torch.from_numpy(x)).clamp(0, 1).numpy()

    def picture(self, height: int, width: int, count: int = 1) -> np.ndarray:
        align = self.spec.align
        shape = (count, self.spec.channels, height * align, width * align)
        return np.random.default_rng(0).random(shape, np.float32)


RUNNING = [param for param in cases(NETWORKS, small=2, task="upscale") if not param.values[0].spec.privileged]


@pytest.fixture(scope="module", params=RUNNING)
def exported(request: pytest.FixtureRequest) -> Exported:
    return Exported(request.param)


def test_in_fp32_it_is_the_network(exported: Exported):
    for size in ((1, 1), (5, 8), (23, 12)):
        x = exported.picture(*size, count=1 + size[0] % 2)
        np.testing.assert_allclose(run(exported.built["fp32", "float"], x), exported.torch(x), atol=1e-5)


def test_in_fp16_it_is_close_and_stores_half(exported: Exported):
    graph, x = exported.built["fp16", "float"], exported.picture(23, 12)
    assert psnr(run(graph, x), exported.torch(x), peak=1.0) > FP16_DB
    kernels = [tensor for tensor in graph.graph.initializer if len(tensor.dims) == 4]
    assert {kernel.data_type for kernel in kernels} == {TensorProto.FLOAT16}


def test_what_comes_out_is_a_colour_whatever_goes_in(exported: Exported):
    for precision in ("fp32", "fp16"):
        made = run(exported.built[precision, "float"], exported.picture(6, 7) * 9 - 4)
        assert made.dtype == np.float32
        assert made.min() >= 0 and made.max() <= 1


def test_frames_of_any_size_and_number_are_the_picture_to_one_grey_level(exported: Exported):
    upscale = torch_upscaler(exported.network, exported.spec)
    for count, *size in ((1, 1, 1), (1, 1, 6), (3, 7, 5), (2, 24, 31)):
        frames = np.random.default_rng(1).integers(0, 256, (count, *size, 3), np.uint8)
        wanted = np.stack([upscale(Pair("", frame, frame)).picture for frame in frames])
        made = run(exported.built["fp32", "frame"], frames)
        assert made.dtype == np.uint8 and made.shape == wanted.shape
        assert np.abs(made.astype(int) - wanted).max() <= 1
        assert psnr(run(exported.built["fp16", "frame"], frames), wanted) > FP16_DB - 5


def test_its_dimensions_tell_what_goes_in_and_what_comes_out(exported: Exported):
    spec = exported.spec

    def sides(factor: int) -> list[str]:
        return [f"{factor}*height" if factor > 1 else "height", f"{factor}*width" if factor > 1 else "width"]

    for (_, face), model in exported.built.items():
        graph = model.graph
        assert [value.name for value in (*graph.input, *graph.output)] == [*spec.inputs, spec.output]
        if face == "frame":
            assert dims(graph.input[0]) == ["n", *sides(1), 3]
            assert dims(graph.output[0]) == ["n", *sides(spec.scale), 3]
        else:
            assert dims(graph.input[0]) == ["n", spec.channels, *sides(spec.align)]
            assert dims(graph.output[0]) == ["n", spec.channels, *sides(spec.scale * spec.align)]


def test_it_is_plain_onnx_that_tells_nothing_of_this_machine(exported: Exported):
    for model in exported.built.values():
        assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 18)]
        data = model.SerializeToString()
        for place in (ROOT, Path.home(), Path(onnx.__file__).parents[1]):
            assert str(place).encode() not in data
        assert b".py" not in data
