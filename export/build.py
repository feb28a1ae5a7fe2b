"""The graphs of one trained network, by precision, face and the processor they are for."""

from __future__ import annotations

from functools import cached_property

import onnx

from ..core.checkpoint import Checkpoint
from ..core.errors import BadInput
from .calibration import Calibration
from .faces import cut, frame_face, require_face, whole_graph
from .half import half
from .learned import quantize_as_learned
from .quantize import Quantized, quantize


class Graphs:
    """Builds graphs on demand; what several have in common is made once.

    Without a calibration there is no int8, but of a network that was trained in it.

    A network is traced and quantized once; its faces are cut from that one graph, and so agree.
    """

    def __init__(self, trained: Checkpoint, calibration: Calibration | None = None) -> None:
        self._trained, self._calibration = trained, calibration or Calibration()

    def build(self, precision: str, face: str = "float", processor: str = "cpu") -> onnx.ModelProto:
        """One checked graph; only int8 differs between `cpu` and `tensorrt`.

        Raises BadInput for a face that the network does not have, MachineCannot for int8 without NNCF.
        """
        spec = self._trained.spec
        require_face(face, spec, self._trained.name)
        graph = cut(self._whole(precision, processor), face, spec)
        graph = frame_face(graph, spec) if face == "frame" else graph
        onnx.checker.check_model(graph, full_check=True)
        return graph

    def _whole(self, precision: str, processor: str) -> onnx.ModelProto:
        if precision == "int8":
            return self._int8.tensorrt if processor == "tensorrt" else self._int8.cpu
        return self._fp16 if precision == "fp16" else self._fp32

    @cached_property
    def _fp32(self) -> onnx.ModelProto:
        return whole_graph(self._trained)

    @cached_property
    def _fp16(self) -> onnx.ModelProto:
        return half(self._fp32)

    @cached_property
    def _int8(self) -> Quantized:
        if self._trained.ranges:
            return quantize_as_learned(self._fp32, self._trained.ranges)
        if not self._calibration.watched:
            raise BadInput("int8 needs calibration pictures")
        return quantize(self._fp32, self._calibration, self._trained.spec)
