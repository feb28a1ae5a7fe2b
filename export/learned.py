"""Ranges that were learned in training -> int8 Q/DQ graphs, without calibration."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper

from ..core.int8_grid import WEIGHT_STEPS, Range, activation_grid, weight_steps
from .graph import array, constants, pruned
from .layers import layers
from .quantize import Quantized, first_convolutions


def quantize_as_learned(graph: onnx.ModelProto, ranges: Mapping[str, Range]) -> Quantized:
    """The convolutions of an fp32 graph on the grids that they were trained on; `ranges` is by layer.

    For TensorRT the same ranges are made signed, and what reads the picture stays in float.
    """
    first = first_convolutions(graph.graph)
    others = {one.name: ranges[one.name] for one in layers(graph.graph, first) if one.name in ranges}
    return Quantized(cpu=_placed(graph, ranges, signed=False), tensorrt=_placed(graph, others, signed=True))


def _placed(graph: onnx.ModelProto, ranges: Mapping[str, Range], signed: bool) -> onnx.ModelProto:
    model = copy.deepcopy(graph)
    places = {name: layer.name for layer in layers(graph.graph) if layer.name in ranges for name in layer.nodes}
    held = constants(model.graph)
    nodes = list(model.graph.node)
    del model.graph.node[:]
    for node in nodes:
        if layer := places.get(node.name):
            _restore_weight(model.graph, node, held)
            _round_input(model.graph, node, ranges[layer], signed)
        model.graph.node.append(node)
    return pruned(model, [output.name for output in model.graph.output])


def _round_input(graph: onnx.GraphProto, node: onnx.NodeProto, seen: Range, signed: bool) -> None:
    """Put a quantizer and its inverse before a convolution."""
    low, high = map(torch.tensor, seen)
    step, zero = activation_grid(low, high, signed)
    kind = np.int8 if signed else np.uint8
    grid = [f"{node.name}/step", f"{node.name}/zero"]
    graph.initializer.append(numpy_helper.from_array(step.numpy(), grid[0]))
    graph.initializer.append(numpy_helper.from_array(zero.numpy().astype(kind), grid[1]))
    names = f"{node.name}/quantized", f"{node.name}/restored"
    graph.node.append(helper.make_node("QuantizeLinear", [node.input[0], *grid], names[:1], name=names[0]))
    graph.node.append(helper.make_node("DequantizeLinear", [names[0], *grid], names[1:], name=names[1]))
    node.input[0] = names[1]


def _restore_weight(graph: onnx.GraphProto, node: onnx.NodeProto, held: Mapping[str, onnx.TensorProto]) -> None:
    """Keep a convolution's weight in 8 bits."""
    weight, transposed = held[node.input[1]], node.op_type == "ConvTranspose"
    exact = torch.from_numpy(array(weight).copy())
    steps = weight_steps(exact, transposed)
    whole = (exact / steps.view((1, -1, 1, 1) if transposed else (-1, 1, 1, 1))).round()
    small = whole.clamp(-WEIGHT_STEPS, WEIGHT_STEPS).to(torch.int8)
    names = [f"{node.name}/weight{part}" for part in ("", "_steps", "_zero", "_restored")]
    for name, values in zip(names, (small, steps, torch.zeros_like(steps, dtype=torch.int8)), strict=False):
        graph.initializer.append(numpy_helper.from_array(values.numpy(), name))
    restored = helper.make_node("DequantizeLinear", names[:3], names[3:], name=names[3], axis=int(transposed))
    graph.node.append(restored)
    node.input[1] = names[3]
