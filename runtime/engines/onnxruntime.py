"""onnxruntime on the CPU: always installed, and the reference that others are compared with."""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextlib import redirect_stdout
from typing import Any

from ...core.errors import MachineCannot, need
from ...core.gpu import first_gpu
from ..engine import Arrays, Engine, telling_line

_CPU = "CPUExecutionProvider"
_GPU_WHEEL = "where there is an NVIDIA GPU, pip uninstall onnxruntime, then pip install 'onnxruntime-gpu[cuda,cudnn]'"


class _Program:
    notes = ()

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


def load_on(provider: str, settings: Mapping[str, str], graph: bytes, threads: int) -> _Program:
    """A graph on one of onnxruntime's execution providers; what that leaves out runs on the CPU.

    Raises MachineCannot for a graph that cannot be loaded, and a provider that does not start.
    """
    runtime = need("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4  # what matters is raised
    # Its threads would go on spinning after a run, on the cores that decode and encode.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    if provider != _CPU:
        _find_libraries(runtime)
    providers = [(provider, dict(settings)), *([_CPU] if provider != _CPU else [])]
    try:
        # Left to itself it goes over to the CPU where a provider fails, with no more than a line on standard output.
        session = runtime.InferenceSession(graph, options, providers=providers, enable_fallback=0)
    except Exception as error:  # its exceptions share no base class
        raise MachineCannot(f"onnxruntime cannot load the graph: {telling_line(error)}") from error
    if provider not in session.get_providers():
        raise MachineCannot(f"onnxruntime cannot start its {provider}: its libraries or a device are missing")
    return _Program(session)


def _find_libraries(runtime: Any) -> None:
    """Have it look for CUDA and cuDNN among the installed packages, too."""
    with redirect_stdout(io.StringIO()):  # it prints what it does not find
        runtime.preload_dlls()


def check_gpu(provider: str) -> None:
    """Raise MachineCannot where this onnxruntime has no such provider, or this machine no NVIDIA GPU."""
    if provider not in need("onnxruntime").get_available_providers():
        raise MachineCannot(f"this onnxruntime has no {provider}; {_GPU_WHEEL}")
    first_gpu()


def _load(graph: bytes, threads: int) -> _Program:
    return load_on(_CPU, {}, graph, threads)


ENGINE = Engine(
    summary="ONNX Runtime on the CPU",
    module="onnxruntime",
    extra="",
    reads="cpu",
    # Small convolutions gain next to nothing from its int8 kernels, so `auto` keeps the better picture.
    speed={"fp32": 1.0, "int8": 1.0, "fp16": 0.5},
    load=_load,
)
