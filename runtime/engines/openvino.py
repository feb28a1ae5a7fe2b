"""OpenVINO on the CPU: the fastest for int8 graphs."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping
from functools import cache, partial
from typing import Any

import numpy as np

from ...core.errors import MachineCannot, need
from ..compiled import Compiled, compiled_once
from ..engine import Arrays, Engine, telling_line
from ..openvino_graph import in_bytes, rewritten, shuffle_into, without_last_shuffle

_SIZES_KEPT = 4
_FIRST = threading.Lock()


class _Program:
    """Compiles the graph for each input size and keeps the last few.

    Compiled for one size, a float graph takes two thirds of the time that it takes compiled for any.
    """

    notes = ()

    def __init__(self, graph: bytes, threads: int) -> None:
        self._openvino = need("openvino", "openvino")
        self._digest = hashlib.sha256(graph).hexdigest()
        self._model: Any = core().read_model(graph)
        # Asked before compiling, which gives a port the names of everything that was folded into it.
        self._outputs = [port.any_name for port in self._model.outputs]
        ports = (*self._model.inputs, *self._model.outputs)
        floats = [port for port in ports if port.element_type == self._openvino.Type.f32]
        self._floats = {port.any_name for port in floats}
        self._in_bytes: dict[frozenset[str], Any] = {frozenset(): self._model}
        self._requests: OrderedDict[tuple, Any] = OrderedDict()
        self._settings = settings(threads)

    def run(self, feeds: Arrays, out: Arrays | None = None) -> Arrays:
        """As `Program.run`."""
        try:
            arrays = {**feeds, **(out or {})}
            narrow = frozenset(name for name in self._floats & arrays.keys() if arrays[name].dtype == np.uint8)
            request, unfinished = self._request({name: array.shape for name, array in feeds.items()}, narrow)
            if out is None:
                ports = zip(self._outputs, request.model_outputs, strict=True)
                out = {name: np.empty(port.shape, port.element_type.to_dtype()) for name, port in ports}
            for name, array in {**feeds, **out}.items():
                if name not in unfinished:
                    request.set_tensor(name, self._openvino.Tensor(array, shared_memory=True))
            request.infer()
            for name in unfinished:
                shuffle_into(out[name], request.get_tensor(name).data)
            return out
        except RuntimeError as error:
            raise MachineCannot(f"openvino failed on the graph: {telling_line(error)}") from error

    def _request(self, shapes: Mapping[str, tuple[int, ...]], narrow: frozenset[str]) -> tuple[Any, frozenset[str]]:
        """An inference request for these input shapes, with the tensors named in `narrow` in bytes.

        And the outputs that are still to be shuffled.
        """
        key = tuple(sorted(shapes.items())), tuple(sorted(narrow))
        if key not in self._requests:
            what, compile_it = (self._digest, *key), partial(self._compile, shapes, narrow)
            model, unfinished = compiled_once(core(), self._settings, what, compile_it)
            self._requests[key] = model.create_infer_request(), unfinished
        self._requests.move_to_end(key)
        while len(self._requests) > _SIZES_KEPT:
            self._requests.popitem(last=False)
        return self._requests[key]

    def _compile(self, shapes: Mapping[str, tuple[int, ...]], narrow: frozenset[str]) -> Compiled:
        if narrow not in self._in_bytes:
            self._in_bytes[narrow] = in_bytes(self._model, narrow)
        model = self._in_bytes[narrow]
        model.reshape({name: list(shape) for name, shape in shapes.items()})
        changed = rewritten(model.clone())
        unfinished = without_last_shuffle(changed)
        return core().compile_model(changed, "CPU", self._settings), unfinished

    def close(self) -> None:
        """As `Program.close`."""
        self._requests.clear()
        self._in_bytes.clear()
        self._model = None


def settings(threads: int) -> dict[str, Any]:
    """How a graph is compiled."""
    return {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": threads,
        # Left to itself the plugin computes in bf16 where the CPU has it: another picture on
        # another machine, wrong by up to half a grey level. The precision is the graph's to say.
        "INFERENCE_PRECISION_HINT": "f32",
    }


def core() -> Any:
    """One for the life of the process, whichever thread asks first.

    On CPUs with AMX its plugin gives the main thread a signal stack, and unmaps it when the last core
    goes: the next signal, a Ctrl-C, would then crash the interpreter.
    """
    with _FIRST:
        return _core()


@cache
def _core() -> Any:
    openvino = need("openvino", "openvino")
    # Its tables of element types are made at first use, by code that lets go of Python's lock on the way. A thread that
    # asks for them meanwhile waits without letting go of it: neither goes on. So both are made here.
    openvino.Tensor(np.empty(1, np.float32)).element_type.to_dtype()
    return openvino.Core()


def _load(graph: bytes, threads: int) -> _Program:
    try:
        return _Program(graph, threads)
    except RuntimeError as error:
        raise MachineCannot(f"openvino cannot load the graph: {telling_line(error)}") from error


ENGINE = Engine(
    summary="OpenVINO on the CPU",
    module="openvino",
    extra="openvino",
    reads="cpu",
    speed={"int8": 3.0, "fp32": 1.1, "fp16": 1.0},
    load=_load,
    takes_bytes=True,
)
