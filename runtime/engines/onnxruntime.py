"""onnxruntime on the CPU: always installed, and the reference that others are compared with."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.colour import store
from ...core.errors import MachineCannot, need
from ...core.memory import Pool
from ..engine import Arrays, Engine, telling_line


class _Program:
    def __init__(self, session: Any) -> None:
        self._session: Any = session
        self._outputs = [output.name for output in session.get_outputs()]
        ports = (*session.get_inputs(), *session.get_outputs())
        self._floats = {port.name for port in ports if port.type == "tensor(float)"}
        self._memory = Pool()

    def run(self, feeds: Arrays, out: Arrays | None = None) -> Arrays:
        """As `Program.run`."""
        try:
            given = {name: self._widened(name, array) for name, array in feeds.items()}
            if out is None:
                return dict(zip(self._outputs, self._session.run(self._outputs, given), strict=True))
            made = {name: self._wide(name, array) for name, array in out.items()}
            binding = self._session.io_binding()
            for name, array in given.items():
                binding.bind_input(name, "cpu", 0, array.dtype.type, array.shape, array.ctypes.data)
            for name, array in made.items():
                binding.bind_output(name, "cpu", 0, array.dtype.type, array.shape, array.ctypes.data)
            self._session.run_with_iobinding(binding)
        except Exception as error:  # its exceptions share no base class
            raise MachineCannot(f"onnxruntime failed on the graph: {telling_line(error)}") from error
        for name, array in out.items():
            if made[name] is not array:
                store(made[name].reshape(-1, array.shape[-1]), 255, array.reshape(-1, array.shape[-1]))
        return out

    def _wide(self, name: str, array: np.ndarray) -> np.ndarray:
        """The array, or, where the graph has float32 in place of its bytes, one of that kind for it."""
        narrow = array.dtype == np.uint8 and name in self._floats
        return self._memory.empty(array.shape, np.float32) if narrow else array

    def _widened(self, name: str, array: np.ndarray) -> np.ndarray:
        wide = self._wide(name, array)
        if wide is not array:
            wide[...] = array
            wide *= np.float32(1 / 255)
        return wide

    def close(self) -> None:
        """As `Program.close`."""
        self._session = None


def _load(graph: bytes, threads: int) -> _Program:
    runtime = need("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4  # what matters is raised
    # Its threads would go on spinning after a run, on the cores that decode and encode.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    try:
        return _Program(runtime.InferenceSession(graph, options, providers=["CPUExecutionProvider"]))
    except Exception as error:  # its exceptions share no base class
        raise MachineCannot(f"onnxruntime cannot load the graph: {telling_line(error)}") from error


ENGINE = Engine(
    summary="ONNX Runtime on the CPU",
    module="onnxruntime",
    extra="",
    reads="cpu",
    # Small convolutions gain next to nothing from its int8 kernels, so `auto` keeps the better picture.
    speed={"fp32": 1.0, "int8": 1.0, "fp16": 0.5},
    load=_load,
)
