"""Graphs that a stranger made: what an engine must not see is found in their bytes."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import onnx
import pytest
from bundles import upscaler_graph
from hypothesis import given, settings
from hypothesis import strategies as st
from interpolators import fading_graph, moving_graph
from onnx import TensorProto, helper, numpy_helper
from pocketlens.core.bundle import read
from pocketlens.core.graph_check import Port, check_graph, refuse_misfit
from pocketlens.core.locate import shipped_bundles
from pocketlens.core.wire import as_varint

GOOD = upscaler_graph()
FLOAT, OUTSIDE = TensorProto.FLOAT, "outside its file"


def changed(change: Callable[[onnx.ModelProto], object]) -> bytes:
    model = onnx.load_from_string(GOOD)
    change(model)
    return model.SerializeToString()


def weight(**facts: object) -> onnx.TensorProto:
    return TensorProto(name="w", data_type=FLOAT, **{"dims": (1, 1, 1, 4), **facts})


def outside(tensor: onnx.TensorProto, location: str = "../secret.bin") -> onnx.TensorProto:
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    return tensor


def node_with(**attribute: object) -> onnx.NodeProto:
    node = helper.make_node("Constant", [], ["x"])
    node.attribute.add(name="value", **attribute)
    return node


EMPTY = onnx.GraphProto(name="inner")
SPARSE = onnx.SparseTensorProto(values=outside(weight()), dims=[4])
HIDDEN = onnx.GraphProto(name="inner", initializer=[outside(weight())])
REFUSED = {
    "weights in another file": (lambda m: m.graph.initializer.append(outside(weight())), OUTSIDE),
    "weights in memory": (
        lambda m: m.graph.initializer.append(outside(weight(), "*/_ORT_MEM_ADDR_/*")),
        OUTSIDE,
    ),
    "only said to be elsewhere": (lambda m: m.graph.initializer.append(weight(data_location=1)), OUTSIDE),
    "two of a name": (lambda m: m.graph.initializer.append(m.graph.initializer[0]), "two tensors 'w1'"),
    "in an attribute": (lambda m: m.graph.node.append(node_with(t=outside(weight()))), OUTSIDE),
    "in a list of tensors": (lambda m: m.graph.node.append(node_with(tensors=[outside(weight())])), "field 10"),
    "in a sparse attribute": (lambda m: m.graph.node.append(node_with(sparse_tensor=SPARSE)), "a sparse tensor"),
    "in a sparse weight": (lambda m: m.graph.sparse_initializer.append(SPARSE), "sparse weights"),
    "in a graph within": (lambda m: m.graph.node.append(node_with(g=HIDDEN)), "graph within the graph"),
    "in graphs within": (lambda m: m.graph.node.append(node_with(graphs=[EMPTY, HIDDEN])), "graphs within"),
    "in a function": (
        lambda m: m.functions.append(onnx.FunctionProto(node=[node_with(t=outside(weight()))])),
        "functions",
    ),
    "in a training step": (lambda m: m.training_info.append(onnx.TrainingInfoProto(algorithm=HIDDEN)), "training"),
    "operators of others": (
        lambda m: m.graph.node.append(helper.make_node("Run", [], [], domain="evil")),
        "of evil",
    ),
    "terabytes": (lambda m: m.graph.initializer.append(weight(dims=(1 << 40,))), "claims 1099511627776 values"),
    "a product that overflows": (lambda m: m.graph.initializer.append(weight(dims=(1 << 62, 4))), "claims"),
    "a side below nothing": (lambda m: m.graph.initializer.append(weight(dims=(-1,), raw_data=b"1234")), "below 0"),
    "very many sides": (lambda m: m.graph.initializer.append(weight(dims=[1] * 99, raw_data=b"1234")), "99 sides"),
    "texts": (lambda m: m.graph.initializer.append(weight(dims=(1,), string_data=[b"x"])), "texts"),
    "no groups": (
        lambda m: m.graph.node[0].attribute.append(helper.make_attribute("group", 0)),
        "the group of its Conv",
    ),
    "huge blocks": (
        lambda m: m.graph.node[5].attribute.append(helper.make_attribute("blocksize", 1 << 40)),
        "the blocksize of its DepthToSpace is 1099511627776",
    ),
    "no strides": (lambda m: m.graph.node[0].attribute.append(helper.make_attribute("strides", [1, 0])), "strides"),
    "very many nodes": (
        lambda m: m.graph.node.extend(helper.make_node("Neg", ["frame"], [f"{i}"]) for i in range(4000)),
        "4006 nodes",
    ),
    "inputs that are no tensors": (
        lambda m: m.graph.input.append(helper.make_tensor_sequence_value_info("s", FLOAT, [1])),
        "a type with a field 4",
    ),
    "inputs without a shape": (
        lambda m: m.graph.input.append(helper.make_tensor_value_info("s", FLOAT, None)),
        "not one shape",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_an_engine_must_not_see(case: str):
    change, told = REFUSED[case]
    with pytest.raises(ValueError, match=told):
        check_graph(changed(change))


def test_two_of_what_stands_once_would_become_one_in_which_nothing_was_looked_up():
    model = onnx.load_from_string(GOOD)
    hidden = onnx.ModelProto(graph=onnx.GraphProto(initializer=[outside(weight())])).SerializeToString()
    with pytest.raises(ValueError, match="not one graph but 2"):
        check_graph(model.SerializeToString() + hidden)
    with pytest.raises(ValueError, match="no field has"):  # parsers drop the upper bits, and see a second graph
        check_graph(GOOD + as_varint(1 << 32 | 7 << 3 | 2) + as_varint(0))


def test_numbers_are_read_alone_and_packed():
    sides = b"".join(as_varint(side) for side in (1 << 20, 1 << 20))
    packed = as_varint(1 << 3 | 2) + as_varint(len(sides)) + sides
    tensor = weight(dims=()).SerializeToString() + packed
    graph = as_varint(5 << 3 | 2) + as_varint(len(tensor)) + tensor
    with pytest.raises(ValueError, match="claims 1099511627776 values"):
        check_graph(as_varint(7 << 3 | 2) + as_varint(len(graph)) + graph)


def test_what_goes_in_and_comes_out_is_told():
    inputs, outputs = check_graph(moving_graph())
    assert inputs == dict.fromkeys(("before", "after"), Port(1, (None, 3, None, None))) | {"t": Port(1, (None,))}
    assert outputs == {"motion": Port(1, (None, 5, None, None))}


def test_a_weight_that_is_listed_as_an_input_is_none():
    listed = changed(lambda m: m.graph.input.append(helper.make_tensor_value_info("w2", FLOAT, [4, 8, 5, 5])))
    assert list(check_graph(listed)[0]) == ["frame"]


@pytest.mark.parametrize(
    ("promised", "told"),
    [
        ({"x": Port(1, (None, 1))}, "are 'frame', and its manifest says 'x'"),
        ({}, "its manifest says none"),
        ({"frame": Port(2, (None, 1))}, r"is float32 \(any, 1\), and by its manifest it is uint8"),
        ({"frame": Port(1, (None, 3))}, r"\(any, 3\)"),
        ({"frame": Port(1, (None, 1, None))}, "any, 1, any"),
    ],
)
def test_a_graph_that_is_not_what_its_manifest_says(promised: dict[str, Port], told: str):
    with pytest.raises(ValueError, match=told):
        refuse_misfit({"frame": Port(1, (None, 1))}, promised, "inputs")


@pytest.mark.parametrize("name", shipped_bundles())
def test_what_is_shipped_passes(name: str):
    bundle = read(shipped_bundles()[name])
    assert [len(bundle.whole(graph)) > 0 for graph in bundle.manifest.graphs] == [True] * len(bundle.manifest.graphs)


def assert_harmless(model: onnx.ModelProto) -> None:
    """What `check_graph` promises, asked of another parser."""
    attributes = [attribute for node in model.graph.node for attribute in node.attribute]
    tensors = [*model.graph.initializer, *(attribute.t for attribute in attributes if attribute.HasField("t"))]
    assert not model.functions and not model.training_info and not model.graph.sparse_initializer
    assert not any(a.HasField("g") or a.graphs or a.tensors or a.HasField("sparse_tensor") for a in attributes)
    assert all(node.domain in ("", "ai.onnx") for node in model.graph.node)
    for tensor in tensors:
        assert tensor.data_location == TensorProto.DEFAULT and not tensor.external_data
        assert 0 <= math.prod(tensor.dims) <= 4 * tensor.ByteSize()


SOME = [GOOD, moving_graph(), fading_graph(), *(changed(change) for change, _ in REFUSED.values())]


@given(data=st.data(), number=st.integers(0, len(SOME) - 1))
@settings(max_examples=400, deadline=5000)
def test_bytes_that_were_changed_are_a_graph_without_harm_or_refused(data: st.DataObject, number: int):
    good = SOME[number]
    made = bytearray(good)
    for _ in range(data.draw(st.integers(1, 6))):
        place, size = data.draw(st.integers(0, len(made))), data.draw(st.integers(0, 12))
        other = data.draw(st.integers(0, len(good)))
        new = data.draw(st.one_of(st.binary(max_size=12), st.just(good[other : other + size])))
        made[place : place + data.draw(st.sampled_from([0, len(new), size]))] = new
    try:
        check_graph(bytes(made))
    except ValueError as error:
        assert str(error)
        return
    try:
        model = onnx.load_from_string(bytes(made))
    except Exception:  # what another parser does not take reaches no engine either
        return
    assert_harmless(model)


def test_all_values_of_a_tensor_count():
    held = [
        numpy_helper.from_array(np.ones((3, 5), kind), "w") for kind in (np.float32, np.float16, np.int64, np.bool_)
    ]
    typed = [helper.make_tensor("w", kind, [2], [1, 2]) for kind in (FLOAT, TensorProto.INT8, TensorProto.FLOAT16)]
    for tensor in (*held, *typed, helper.make_tensor("w", TensorProto.INT4, [4], [1, 2, 3, 4])):
        check_graph(changed(lambda m, tensor=tensor: m.graph.initializer.append(tensor)))
