"""What TensorRT would refuse or read wrongly is refused here first, each kind with its reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from plans import small_graph
from pocketlens.core.errors import BadInput
from pocketlens.export.fit import input_shapes, read_graph, require_for_dla


def quantizer(zero: np.ndarray | None, constant: bool = False) -> onnx.ModelProto:
    """A graph that does nothing but put a picture on an 8-bit grid."""
    tensor = None if zero is None else numpy_helper.from_array(zero, "zero")
    picture, bytes_ = (
        helper.make_tensor_value_info(name, kind, ["n", 1, "h", "w"])
        for name, kind in (("x", TensorProto.FLOAT), ("q", tensor.data_type if tensor else TensorProto.UINT8))
    )
    held = [numpy_helper.from_array(np.array(0.1, np.float32), "scale")]
    held += [tensor] if tensor and not constant else []
    nodes = [helper.make_node("Constant", [], ["zero"], value=tensor)] if tensor and constant else []
    nodes.append(helper.make_node("QuantizeLinear", ["x", "scale", *(["zero"] if tensor else [])], ["q"]))
    graph = helper.make_graph(nodes, "g", [picture], [bytes_], held)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])


def warp(opset: int, sides: int = 2) -> onnx.ModelProto:
    """A graph that fetches a picture, or a volume, from where it is told."""
    places = ["h", "w", "d"][:sides]
    shapes = {"x": ["n", 1, *places], "grid": ["n", *places, sides], "y": ["n", 1, *places]}
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]
    node = helper.make_node("GridSample", ["x", "grid"], ["y"], mode="linear" if opset >= 20 else "bilinear")
    graph = helper.make_graph([node], "g", values[:2], values[2:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])


Make = Callable[[], onnx.ModelProto]
FAULTY: list[tuple[Make, str, bool]] = [
    # Its levels are given out, so that their kind is not for us to choose.
    (lambda: quantizer(None), "uint8", False),
    (lambda: quantizer(np.array(3, np.int8)), "zero-point of 3", False),
    (lambda: quantizer(np.array(0, np.uint8)), "uint8", False),
    (lambda: quantizer(np.array(0, np.uint8), constant=True), "uint8", False),
    (lambda: warp(20), "nearest neighbour", True),
    (lambda: warp(20, sides=3), "nearest neighbour", False),
]
SOUND: list[Make] = [
    lambda: quantizer(np.array(0, np.int8)),
    lambda: quantizer(np.array(0, np.int8), constant=True),
    lambda: warp(18),
]


@pytest.mark.parametrize(("make", "told", "fixable"), FAULTY)
def test_a_graph_is_refused_with_the_node_the_reason_and_the_mend(make: Make, told: str, fixable: bool, tmp_path: Path):
    path = tmp_path / "a.onnx"
    path.write_bytes(make().SerializeToString())
    with pytest.raises(BadInput, match=told) as refused:
        read_graph(path)
    assert str(refused.value).startswith(f"{path}, ")
    assert (f"pocketlens doctor {path} --fix -o FILE.onnx" in str(refused.value)) == fixable


@pytest.mark.parametrize("make", SOUND)
def test_what_tensorrt_reads_rightly_is_taken(make: Make, tmp_path: Path):
    (tmp_path / "a.onnx").write_bytes(make().SerializeToString())
    assert read_graph(tmp_path / "a.onnx")


def picture(*shape: Any) -> onnx.ModelProto:
    """A graph with an input of this shape."""
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in "xy"]
    return helper.make_model(helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", values[:1], values[1:]))


@pytest.mark.parametrize("shape", [("n", 3, 48, 64), (4, 3, "h", "w"), ("n", 48, 64, 3), ("n", 3, "h", 64)])
def test_sizes_that_a_graph_does_not_take_are_refused(shape: tuple[Any, ...]):
    mend = "one picture at a time" if shape[0] == 4 else "give --min .*x64 --opt"
    with pytest.raises(BadInput, match=rf"the graph's input 'x' is of the shape .* and takes none of .*; .*{mend}"):
        input_shapes(picture(*shape), [(32, 32), (48, 64), (64, 64)])


@pytest.mark.parametrize("shape", [(1, 3, 48, 64), (1, 48, 64, 3)])
def test_a_graph_of_one_size_says_which(shape: tuple[int, ...]):
    with pytest.raises(BadInput, match="give --min 48x64 --opt 48x64 --max 48x64"):
        input_shapes(picture(*shape), [(64, 64), (360, 640), (1080, 1920)])


def test_a_graph_of_one_size_is_built_for_that():
    assert input_shapes(picture(1, 3, 48, 64), [(48, 64)] * 3) == {"x": [(1, 3, 48, 64)] * 3}


@pytest.mark.parametrize("shape", [("n",), ("n", "h", "w"), ("n", "c", "h", "w"), ("n", None, "h", "w")])
def test_an_input_that_is_no_picture_is_refused(shape: tuple[Any, ...]):
    with pytest.raises(BadInput, match="the graph's input 'x' is no picture"):
        input_shapes(picture(*shape), [(32, 32)] * 3)


def test_an_accelerator_takes_fp16_and_int8_of_one_size():
    path, size = Path("a.onnx"), (48, 64)
    for model in (onnx.load_from_string(small_graph("fp16")), quantizer(np.array(0, np.int8))):
        require_for_dla(model, path, [size] * 3)
        with pytest.raises(BadInput, match="one size: give --min 48x64 --opt 48x64 --max 48x64"):
            require_for_dla(model, path, [(32, 32), size, size])
    with pytest.raises(BadInput, match=r"is fp32, and --dla takes fp16 or int8; .*--precision fp16 --for tensorrt"):
        require_for_dla(onnx.load_from_string(small_graph("fp32")), path, [size] * 3)
