"""onnxruntime on an NVIDIA GPU, by its TensorRT provider; not executed here."""

from __future__ import annotations

from functools import partial

from ...core.files import cache_home
from ..engine import Engine, Program
from .onnxruntime import check_gpu, load_on

_PROVIDER = "TensorrtExecutionProvider"


def _load(graph: bytes, threads: int) -> Program:
    kept = cache_home() / "onnxruntime-tensorrt"
    settings = {"trt_engine_cache_enable": "1", "trt_engine_cache_path": str(kept), "trt_timing_cache_enable": "1"}
    return load_on(_PROVIDER, settings, graph, threads)


ENGINE = Engine(
    summary="ONNX Runtime's TensorRT provider (not executed here)",
    module="onnxruntime",
    extra="",
    reads="tensorrt",
    # Not measured: behind TensorRT itself. fp16 and int8 would want switches of its builder, by which what a graph
    # keeps in fp32 is no longer.
    speed={"fp32": 25.0},
    load=_load,
    ready=partial(check_gpu, _PROVIDER),
    on_gpu=True,
)
