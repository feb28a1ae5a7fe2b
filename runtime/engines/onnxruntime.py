"""onnxruntime on the CPU: always installed, and the reference that others are compared with."""

from __future__ import annotations

from typing import Any

from ...core.errors import MachineCannot, need
from ..engine import Arrays, Engine, telling_line


class _Program:
    def __init__(self, session: Any) -> None:
        self._session: Any = session
        self._outputs = [output.name for output in session.get_outputs()]

    def run(self, feeds: Arrays, out: Arrays | None = None) -> Arrays:
        """As `Program.run`."""
        try:
            if out is None:
                return dict(zip(self._outputs, self._session.run(self._outputs, dict(feeds)), strict=True))
            binding = self._session.io_binding()
            for name, array in feeds.items():
                binding.bind_input(name, "cpu", 0, array.dtype.type, array.shape, array.ctypes.data)
            for name, array in out.items():
                binding.bind_output(name, "cpu", 0, array.dtype.type, array.shape, array.ctypes.data)
            self._session.run_with_iobinding(binding)
            return out
        except Exception as error:  # its exceptions share no base class
            raise MachineCannot(f"onnxruntime failed on the graph: {telling_line(error)}") from error

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
