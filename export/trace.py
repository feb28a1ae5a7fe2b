"""A torch module as a checked ONNX graph."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import onnx
import torch
from torch import Tensor, nn

OPSET = 18
"""GridSample is read rightly by onnxruntime and TensorRT up to here."""

Sizes = Mapping[int, Any]
"""Axis -> the `torch.export.Dim` it varies by."""


def trace(
    module: nn.Module, inputs: Mapping[str, Tensor], outputs: Sequence[str], sizes: Sequence[Sizes]
) -> onnx.ModelProto:
    """Export `module`; `inputs` are examples by name, `sizes` says for each which axes vary."""
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            module.eval(),
            tuple(inputs.values()),
            dynamo=True,
            opset_version=OPSET,
            verbose=False,
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_shapes=tuple(dict(axes) for axes in sizes),
        )
    assert program is not None
    model = program.model_proto
    _forget_origins(model.graph)
    onnx.checker.check_model(model, full_check=True)
    return model


def _forget_origins(graph: onnx.GraphProto) -> None:
    """Drop the exporter's notes: they hold paths of the building machine and outweigh the weights."""
    for part in (graph, *graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer):
        del part.metadata_props[:]
        part.doc_string = ""
