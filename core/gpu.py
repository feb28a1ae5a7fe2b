"""The GPU that CUDA takes here, asked of its driver alone: no CUDA package is needed for that."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .errors import MachineCannot

_DRIVER = "libcuda.so.1"
_MAJOR, _MINOR = 75, 76
"""The attributes that hold the two digits of the compute capability, as the driver numbers them."""


@dataclass(frozen=True)
class Gpu:
    """One GPU, and its driver."""

    name: str
    compute_capability: str
    """Without its point: 86."""
    driver: str
    """The newest CUDA that the driver serves: 13.0."""


def first_gpu() -> Gpu:
    """The GPU with the least number, which is the one that CUDA takes unasked.

    Raises MachineCannot where there is no driver, or no device.
    """
    try:
        driver = ctypes.CDLL(_DRIVER)
    except OSError as error:
        raise MachineCannot(f"no NVIDIA driver is here ({_DRIVER} cannot be loaded); nvidia-smi shows one") from error
    _ask(driver.cuInit, 0)
    device, name = ctypes.c_int(), ctypes.create_string_buffer(256)
    _ask(driver.cuDeviceGet, ctypes.byref(device), 0)
    _ask(driver.cuDeviceGetName, name, len(name), device)
    major, minor = (_number(driver.cuDeviceGetAttribute, attribute, device) for attribute in (_MAJOR, _MINOR))
    version = _number(driver.cuDriverGetVersion)
    return Gpu(name.value.decode(errors="replace"), f"{major}{minor}", f"{version // 1000}.{version % 1000 // 10}")


def _number(function: Callable[..., int], *arguments: Any) -> int:
    number = ctypes.c_int()
    _ask(function, ctypes.byref(number), *arguments)
    return number.value


def _ask(function: Callable[..., int], *arguments: Any) -> None:
    status = function(*arguments)
    if status:
        raise MachineCannot(f"the NVIDIA driver shows no GPU (CUDA error {status}); nvidia-smi shows one that is usable")
