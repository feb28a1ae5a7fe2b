"""TensorRT for RTX on an NVIDIA GPU; not executed here, tested on a fake."""

from __future__ import annotations

from .tensorrt import engine_of

ENGINE = engine_of("rtx", "TensorRT for RTX on an NVIDIA GPU (not executed here)")
