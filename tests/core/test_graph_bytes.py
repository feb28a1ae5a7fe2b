"""Weights are put back into a graph without the onnx package, and every parser reads the result."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from pocketlens.core.graph_bytes import with_weights


def model(weights: dict[str, np.ndarray]) -> onnx.ModelProto:
    """x + a + b, whose weights may be elsewhere."""
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n"]) for name in ("x", "y")]
    nodes = [helper.make_node("Add", ["x", "a"], ["xa"]), helper.make_node("Add", ["xa", "b"], ["y"])]
    held = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    graph = helper.make_graph(nodes, "g", values[:1], values[1:], held)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def blob(name: str, value: np.ndarray) -> bytes:
    return onnx.GraphProto(initializer=[numpy_helper.from_array(value, name)]).SerializeToString()


@pytest.mark.parametrize("size", [1, 30, 5000])
def test_it_is_the_graph_that_held_its_weights(size: int):
    a, b = np.full(size, 2, np.float32), np.full(size, 3, np.float32)
    made = with_weights(model({}).SerializeToString(), [blob("a", a), blob("b", b)])
    assert onnx.load_from_string(made) == model({"a": a, "b": b})
    onnx.checker.check_model(made, full_check=True)


def test_what_is_left_in_the_graph_stays():
    a, b = np.ones(4, np.float32), np.zeros(4, np.float32)
    made = with_weights(model({"a": a}).SerializeToString(), [blob("b", b)])
    assert onnx.load_from_string(made) == model({"a": a, "b": b})


def test_engines_read_it():
    runtime = pytest.importorskip("onnxruntime")
    made = with_weights(
        model({}).SerializeToString(),
        [blob("a", np.ones(3, np.float32) * i) for i in (1,)] + [blob("b", np.arange(3, dtype=np.float32))],
    )
    session = runtime.InferenceSession(made, providers=["CPUExecutionProvider"])
    np.testing.assert_array_equal(session.run(None, {"x": np.zeros(3, np.float32)})[0], [1, 2, 3])


@given(st.binary(max_size=40))
def test_bytes_that_are_no_model_are_a_value_error_or_a_graph(data: bytes):
    try:
        with_weights(data, [b"weights"])
    except ValueError:
        return


@pytest.mark.parametrize("data", [b"", b"junk", b"\x3a\xff", b"\x3a\x05abc"])
def test_junk_is_refused(data: bytes):
    with pytest.raises(ValueError, match=r"no ONNX model|field|number"):
        with_weights(data, [b""])
