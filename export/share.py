"""Weights that several graphs of a bundle have in common, kept once."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping

import onnx

_WORTH = 256
"""Bytes from which a tensor is kept apart."""

Key = tuple[str, bytes]
"""The name of a tensor, and the hash of what is in it."""


def share(models: Mapping[str, onnx.ModelProto]) -> tuple[dict[str, bytes], dict[str, list[str]]]:
    """Graphs by file name -> the files to keep, and, for each graph, which of them hold the rest of its weights.

    `core.graph_bytes.with_weights` puts them together again. A file of weights is a serialized graph of nothing else.
    """
    users: dict[Key, list[str]] = {}
    tensors: dict[Key, onnx.TensorProto] = {}
    for file, model in models.items():
        for tensor in model.graph.initializer:
            users.setdefault(_key(tensor), []).append(file)
            tensors.setdefault(_key(tensor), tensor)
    groups: dict[tuple[str, ...], onnx.GraphProto] = {}
    for key, files in users.items():
        if len(files) > 1 and tensors[key].ByteSize() >= _WORTH:
            groups.setdefault(tuple(files), onnx.GraphProto()).initializer.append(tensors[key])
    names = {group: f"weights/{index}.bin" for index, group in enumerate(groups)}
    theirs = {file: [group for group in groups if file in group] for file in models}
    kept = {file: _without(model, [groups[group] for group in theirs[file]]) for file, model in models.items()}
    weights = {names[group]: graph.SerializeToString() for group, graph in groups.items()}
    return {**kept, **weights}, {file: [names[group] for group in theirs[file]] for file in models}


def _without(model: onnx.ModelProto, shared: list[onnx.GraphProto]) -> bytes:
    elsewhere = {tensor.name for graph in shared for tensor in graph.initializer}
    rest = copy.deepcopy(model)
    del rest.graph.initializer[:]
    rest.graph.initializer.extend(tensor for tensor in model.graph.initializer if tensor.name not in elsewhere)
    return rest.SerializeToString()


def _key(tensor: onnx.TensorProto) -> Key:
    return tensor.name, hashlib.sha256(tensor.SerializeToString()).digest()
