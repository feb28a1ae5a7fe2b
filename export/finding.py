"""What a file in `checks/` registers as `CHECK`: a question about an ONNX graph, and how its faults are mended."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import onnx
from onnx import NodeProto, TensorProto
from onnx.shape_inference import infer_shapes

from .graph import constants, producers
from .unfold import bodies, unfolded

Severity = Literal["error", "warning", "note"]
"""An engine refuses the graph or makes another picture of it; it costs time or quality; good to know."""


@dataclass(frozen=True)
class Finding:
    """One fault of a graph."""

    severity: Severity
    node: str
    """The node, or the input or output, where it is."""
    told: str
    """What is wrong."""
    mend: str
    """What to do about it."""
    fixable: bool = False
    """Whether the check's `fix` does."""


class Graph:
    """A graph to be looked at, with what is often asked of it."""

    def __init__(self, model: onnx.ModelProto, choices: Collection[str] = ()) -> None:
        self.model = model
        self.nodes: list[NodeProto] = list(model.graph.node)
        self.choices = choices
        """As `Unfolded` has them."""

    @property
    def opset(self) -> int:
        """The version of ONNX's own operators; 1 where it is not said."""
        return max((entry.version for entry in self.model.opset_import if entry.domain in ("", "ai.onnx")), default=1)

    @cached_property
    def constants(self) -> dict[str, TensorProto]:
        """Tensors whose values are in the graph, by name; of a Constant node once it is `lifted`."""
        return constants(self.model.graph)

    @cached_property
    def _typed(self) -> list[onnx.ValueInfoProto]:
        graph = infer_shapes(self.model).graph
        return [*graph.input, *graph.output, *graph.value_info]

    @cached_property
    def kinds(self) -> dict[str, int]:
        """Tensor name -> the kind of its values, as ONNX numbers them, where that can be told."""
        found = {value.name: value.type.tensor_type.elem_type for value in self._typed}
        return found | {name: tensor.data_type for name, tensor in self.constants.items()}

    @cached_property
    def ranks(self) -> dict[str, int]:
        """Tensor name -> the number of its dimensions, where that can be told."""
        shaped = [value for value in self._typed if value.type.tensor_type.HasField("shape")]
        return {value.name: len(value.type.tensor_type.shape.dim) for value in shaped}

    @cached_property
    def made_by(self) -> dict[str, NodeProto]:
        """Tensor name -> the node that makes it."""
        return producers(self.model.graph)

    @cached_property
    def quantized(self) -> bool:
        """Whether any of it is int8."""
        return any(node.op_type == "QuantizeLinear" for node in self.nodes)


@dataclass(frozen=True)
class Check:
    """One question."""

    find: Callable[[Graph], Iterator[Finding]]
    fix: Callable[[onnx.ModelProto], onnx.ModelProto] | None = None
    """A mended copy, in which `find` finds no more of what is fixable; None where nothing can be done here."""
    cost: str = ""
    """What is lost by that, as a sentence would go on."""


def findings(check: Check, graph: Graph) -> Iterator[Finding]:
    """What a check finds in a graph, and in the bodies of its Ifs and Loops, where `fix` does nothing.

    What is in a body goes by the outermost node that it belongs to.
    """
    if not any(map(bodies, graph.nodes)):
        yield from check.find(graph)
        return
    own = {(one.node, one.told): one for one in check.find(graph)}
    whole = unfolded(graph.model)
    for one in check.find(Graph(whole.model, whole.choices)):
        told = f"in a body, {one.told}" if one.node in whole.within else one.told
        mend = f"{one.mend}; --fix leaves bodies as they are" if one.fixable else one.mend
        inner = Finding(one.severity, whole.within.get(one.node, one.node), told, mend)
        yield own.get((one.node, one.told), inner)
