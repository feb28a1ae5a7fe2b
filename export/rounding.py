"""The weights of an ONNX graph put on the int8 grid before a quantizer looks at them."""

from __future__ import annotations

from collections.abc import Container

import onnx
import torch

from ..core.int8_grid import on_grid
from .graph import CONVOLUTIONS, array, constants, set_array


def round_kernels(model: onnx.ModelProto, skipped: Container[str]) -> None:
    """Round the weights of every convolution that is not in `skipped`, in place, still as float32.

    The grid is the one that symmetric per-channel quantization finds, so that it will change nothing.
    """
    tensors = constants(model.graph)
    for node in model.graph.node:
        if node.op_type in CONVOLUTIONS and node.name not in skipped:
            weight = tensors[node.input[1]]
            strides = next((attribute.ints for attribute in node.attribute if attribute.name == "strides"), [1])
            rounded = on_grid(torch.from_numpy(array(weight).copy()), node.op_type == "ConvTranspose", strides[0])
            set_array(weight, rounded.numpy())
