"""The graphs of one trained network, by precision, face and the processor they are for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import onnx

from ..core.checkpoint import Checkpoint
from ..core.errors import BadInput
from .faces import float_face, frame_face
from .quantize import Quantized, quantize


class Graphs:
    """Builds graphs on demand; what several have in common is made once.

    `calibration` are inputs (1, C, H, W) float32 in [0, 1], without which there is no int8.
    """

    def __init__(self, trained: Checkpoint, calibration: Sequence[np.ndarray] = ()) -> None:
        self._trained, self._calibration = trained, calibration

    def build(self, precision: str, face: str = "float", processor: str = "cpu") -> onnx.ModelProto:
        """One checked graph; only int8 differs between `cpu` and `tensorrt`.

        Raises MachineCannot for int8 without NNCF.
        """
        core = self._core(precision, processor)
        graph = frame_face(core, self._trained.spec) if face == "frame" else core
        onnx.checker.check_model(graph, full_check=True)
        return graph

    def _core(self, precision: str, processor: str) -> onnx.ModelProto:
        if precision == "int8":
            return self._int8.tensorrt if processor == "tensorrt" else self._int8.cpu
        return self._fp16 if precision == "fp16" else self._fp32

    @cached_property
    def _fp32(self) -> onnx.ModelProto:
        return float_face(self._trained)

    @cached_property
    def _fp16(self) -> onnx.ModelProto:
        return float_face(self._trained, half=True)

    @cached_property
    def _int8(self) -> Quantized:
        if not self._calibration:
            raise BadInput("int8 needs calibration pictures")
        return quantize(self._fp32, self._calibration, self._trained.spec)
