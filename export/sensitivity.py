"""What int8 in each layer costs a network, and how little of it in float would meet a limit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import onnx

from .calibration import Case
from .layers import Layer, layers, work
from .likeness import likeness, pictures, score
from .quantize import Form


@dataclass(frozen=True)
class Effect:
    """What int8 does to the picture."""

    lost: float
    """dB of PSNR against the truth that fp32 has more."""
    likeness: float
    """PSNR in dB against the picture of fp32; inf where they are the same."""


@dataclass(frozen=True)
class Sensitivity:
    """One layer, quantized while all others are in float."""

    layer: Layer
    share: float
    """Of the network's multiply-adds."""
    effect: Effect

    @property
    def lost_per_work(self) -> float:
        """What float in this layer wins, for what it costs."""
        return self.effect.lost / self.share


class Trials:
    """A network with some of its layers in int8, each choice tried once; `cases` must not be empty."""

    def __init__(self, form: Form, cases: Sequence[Case]) -> None:
        self._form, self._cases = form, cases
        self._fp32 = pictures(form.graph, cases)
        self._known: dict[tuple[str, ...], Effect] = {}
        self.layers = layers(form.graph.graph, form.fixed)
        """Those that int8 would quantize."""
        self.fp32 = score(self._fp32, cases)
        """PSNR in dB against the truth."""
        self.shares = work(form.graph, cases[0].feeds)
        """Name of every layer, also of those in float whatever the limit -> its share of the multiply-adds."""

    def alone(self, layer: Layer) -> Sensitivity:
        """All but this layer in float."""
        others = [node.name for node in self._form.graph.graph.node if node.name not in layer.nodes]
        return Sensitivity(layer, self.shares[layer.name], self._effect(others))

    def without(self, floats: Collection[Layer]) -> Effect:
        """All in int8 but these layers, as export would have it."""
        return self._effect([*self._form.fixed, *(name for layer in floats for name in layer.nodes)])

    def in_float(self, exported: onnx.ModelProto) -> list[Layer]:
        """Which layers an int8 graph of this network has left in float."""
        restored = {name for node in exported.graph.node if node.op_type == "DequantizeLinear" for name in node.output}
        quantized = {node.name for node in exported.graph.node if len(node.input) > 1 and node.input[1] in restored}
        return [layer for layer in self.layers if not quantized.intersection(layer.nodes)]

    def _effect(self, islands: Sequence[str]) -> Effect:
        key = tuple(sorted(islands))
        if key not in self._known:
            made = pictures(self._form.quantizer(islands), self._cases)
            self._known[key] = Effect(self.fp32 - score(made, self._cases), likeness(made, self._fp32))
        return self._known[key]


def smallest_float_set(trials: Trials, found: Sequence[Sensitivity], limit: float) -> list[Layer] | None:
    """Layers to leave in float for int8 to lose no more than `limit` dB; None where only fp32 would do.

    Those that lose the most for their work are taken first, until the limit is met together; then each,
    the one of most work first, is given back if the limit still holds.
    """
    ranked = sorted(found, key=lambda one: one.lost_per_work, reverse=True)
    for count in range(len(ranked)):
        kept = ranked[:count]
        if _lost(trials, kept) <= limit:
            break
    else:
        return None
    for one in sorted(kept, key=lambda one: one.share, reverse=True):
        fewer = [other for other in kept if other is not one]
        if _lost(trials, fewer) <= limit:
            kept = fewer
    return [one.layer for one in kept]


def _lost(trials: Trials, kept: Sequence[Sensitivity]) -> float:
    return trials.without([one.layer for one in kept]).lost
