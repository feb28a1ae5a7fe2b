"""Second moments of what kernels read, in the order of their entries."""

from __future__ import annotations

import numpy as np
import torch
from onnx import TensorProto, helper, numpy_helper
from pocketlens.export.patches import moments
from torch.nn import functional as F

RANDOM = np.random.default_rng(0)


def test_they_tell_what_a_kernel_makes_of_the_pictures_that_were_seen():
    weights = {
        name: RANDOM.normal(size=shape).astype(np.float32)
        for name, shape in {"a": (3, 2, 3, 3), "b": (4, 3, 3, 5)}.items()
    }
    nodes = [
        helper.make_node("Conv", ["x", "a"], ["p"], name="first", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["p"], ["q"], name="relu"),
        helper.make_node("Conv", ["q", "b"], ["y"], name="second", pads=[0, 2, 2, 1], strides=[2, 1]),
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("x", "y")]
    tensors = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    watched = [{"x": RANDOM.random((1, 2, 12, 14)).astype(np.float32)} for _ in range(2)]
    found = moments(model, watched, ())
    energy = {"first": 0.0, "second": 0.0}
    for feeds in watched:
        first = F.conv2d(torch.from_numpy(feeds["x"]), torch.from_numpy(weights["a"]), padding=1)
        second = F.conv2d(F.pad(first.relu(), (2, 1, 0, 2)), torch.from_numpy(weights["b"]), stride=(2, 1))
        for name, made in (("first", first), ("second", second)):
            energy[name] += float((made.double() ** 2).mean((0, 2, 3)).sum()) / 2
    for name, weight in (("first", "a"), ("second", "b")):
        rows = torch.from_numpy(weights[weight]).flatten(1).double()
        np.testing.assert_allclose(float(((rows @ found[name]) * rows).sum()), energy[name], rtol=1e-4)
    assert moments(model, watched, ["first"]).keys() == {"second"}
