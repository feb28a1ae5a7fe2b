"""onnxruntime on an NVIDIA GPU, by its CUDA provider; not executed here."""

from __future__ import annotations

from functools import partial

from ..engine import Engine, Program
from .onnxruntime import check_gpu, load_on

_PROVIDER = "CUDAExecutionProvider"


def _load(graph: bytes, threads: int) -> Program:
    # Its search among convolutions would time them all again for each new size of frame.
    return load_on(_PROVIDER, {"cudnn_conv_algo_search": "HEURISTIC"}, graph, threads)


ENGINE = Engine(
    summary="ONNX Runtime's CUDA provider (not executed here)",
    module="onnxruntime",
    extra="",
    reads="cpu",
    # Not measured: behind TensorRT and before CPUs. It has no int8 convolutions.
    speed={"fp16": 20.0, "fp32": 15.0},
    load=_load,
    ready=partial(check_gpu, _PROVIDER),
    on_gpu=True,
)
