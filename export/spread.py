"""The picture on finer steps than 8 bits have, where it goes through a network as one channel among others.

A network without a skip carries the picture itself through all of its layers, mostly in a channel of its own, and there
each rounding to 8 bits costs as much as it would in the picture: nearly all that int8 loses. So that channel is made
several times, each time a part of a step brighter or darker, and the kernels that read it take the mean: rounded to k
places within a step, the mean of k copies lies on steps k times as fine. The shifts add up to nothing, so in float this
changes nothing. Engines compute channels in sixteens, so copies that fill one up cost little.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import NodeProto

from .calibration import Feeds
from .graph import array, constants, producers, set_array
from .inside import inside

_LIKE = 0.9
"""Correlation with the picture from which a channel counts as it."""
_FULL = 16
"""Channels that engines compute at once."""
_FEWEST = 4
"""Times that the picture is there in the end, at least."""


@dataclass(frozen=True)
class _Link:
    """Two convolutions in a row with nothing but an activation between them."""

    maker: NodeProto
    slopes: str
    """The tensor of PReLU's slopes; empty where there is none."""
    reader: NodeProto


def spread(model: onnx.ModelProto, watched: Sequence[Feeds], floats: Collection[str], signed: bool) -> onnx.ModelProto:
    """The same function with the picture several times in whatever a convolution reads that is not in `floats`.

    Ranges are as seen on `watched`; a `signed` grid lies evenly about zero. The picture is the graph's input.
    """
    model = copy.deepcopy(model)
    frames = [feeds[model.graph.input[0].name] for feeds in watched]
    links = [link for link in _links(model.graph) if link.reader.name not in floats]
    seen = list(inside(model, [link.reader.input[0] for link in links], watched)) if links else []
    for link in links:
        values = [each[link.reader.input[0]] for each in seen]
        channel = _picture(values, frames)
        if channel is not None:
            low, high = min(0.0, *(float(one.min()) for one in values)), max(0.0, *(float(one.max()) for one in values))
            step = max(-low, high) / 127 if signed else (high - low) / 255
            _copy(constants(model.graph), link, channel, step)
    del model.graph.value_info[:]
    return model


def _links(graph: onnx.GraphProto) -> Iterator[_Link]:
    """In the graph's order; what is made and read by nobody else."""
    held, made_by = constants(graph), producers(graph)
    readers = Counter(name for node in graph.node for name in node.input)
    for reader in graph.node:
        node = made_by.get(reader.input[0]) if reader.op_type == "Conv" else None
        alone = readers[reader.input[0]] == 1
        slopes = ""
        if node is not None and node.op_type in ("Relu", "PRelu"):
            slopes, alone = "".join(node.input[1:]), alone and readers[node.input[0]] == 1
            node = made_by.get(node.input[0])
        if alone and node is not None and node.op_type == "Conv" and len(node.input) == 3:
            own = [*node.input[1:], reader.input[1], *([slopes] if slopes else [])]
            if all(name in held and readers[name] == 1 for name in own):
                yield _Link(node, slopes, reader)


def _picture(values: Sequence[np.ndarray], frames: Sequence[np.ndarray]) -> int | None:
    """The channel of (1, C, H, W) features that is most like the frames, if it is."""
    if any(one.shape[2:] != frame.shape[2:] for one, frame in zip(values, frames, strict=True)):
        return None
    frame = np.concatenate([one.mean(axis=1).ravel() for one in frames])
    channels = np.concatenate([one[0].reshape(one.shape[1], -1) for one in values], axis=1)
    like = [float(np.corrcoef(channel, frame)[0, 1]) if channel.std() > 0 else 0.0 for channel in channels]
    best = int(np.argmax(like))
    return best if like[best] > _LIKE else None


def _copy(held: Mapping[str, onnx.TensorProto], link: _Link, channel: int, step: float) -> None:
    """Make `channel` so often that the channels are a multiple of `_FULL`."""
    weight, bias, read = (held[name] for name in (link.maker.input[1], link.maker.input[2], link.reader.input[1]))
    count = len(array(bias))
    times = next(times for times in range(_FEWEST, _FEWEST + _FULL) if (count + times - 1) % _FULL == 0)
    shifts = ((np.arange(times) - (times - 1) / 2) * step / times).astype(np.float32)
    again = [channel] * (times - 1)
    shifted = array(bias)[[*range(count), *again]]
    shifted[[channel, *range(count, count + times - 1)]] += shifts
    kernels = array(read)[:, [*range(count), *again]]
    kernels[:, [channel, *range(count, count + times - 1)]] /= times
    set_array(weight, array(weight)[[*range(count), *again]])
    set_array(bias, shifted)
    set_array(read, kernels)
    if link.slopes and (slopes := array(held[link.slopes])).size == count:
        set_array(held[link.slopes], slopes.take([*range(count), *again], axis=slopes.shape.index(count)))
