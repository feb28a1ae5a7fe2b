"""The GPU that CUDA takes here, asked of its driver alone: no CUDA package is needed for that."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .errors import MachineCannot

INSTALL = "install NVIDIA's driver (JetPack's on a Jetson)"
"""The mend where there is none."""
_DRIVER = "libcuda.so.1"
_MULTIPROCESSORS, _MAJOR, _MINOR = 16, 75, 76
"""Attributes as the driver numbers them; the last two are the digits of the compute capability."""


@dataclass(frozen=True)
class Gpu:
    """One GPU, and its driver."""

    name: str
    compute_capability: str
    """Without its point: 86."""
    driver: str
    """The newest CUDA that the driver serves: 13.0."""
    multiprocessors: int
    """How many of its parts compute: boards with GPUs of one name, such as Orin, differ in that."""


def first_gpu() -> Gpu:
    """The GPU with the least number, which is the one that CUDA takes unasked.

    Raises MachineCannot where there is no driver, or no device.
    """
    try:
        driver = ctypes.CDLL(_DRIVER)
    except OSError as error:
        raise MachineCannot(f"no NVIDIA driver is here ({_DRIVER} cannot be loaded): {INSTALL}") from error
    _ask(driver.cuInit, 0)
    device, name = ctypes.c_int(), ctypes.create_string_buffer(256)
    _ask(driver.cuDeviceGet, ctypes.byref(device), 0)
    _ask(driver.cuDeviceGetName, name, len(name), device)
    count, major, minor = (
        _number(driver.cuDeviceGetAttribute, attribute, device) for attribute in (_MULTIPROCESSORS, _MAJOR, _MINOR)
    )
    version = _number(driver.cuDriverGetVersion)
    newest = f"{version // 1000}.{version % 1000 // 10}"
    return Gpu(name.value.decode(errors="replace"), f"{major}{minor}", newest, count)


def _number(function: Callable[..., int], *arguments: Any) -> int:
    number = ctypes.c_int()
    _ask(function, ctypes.byref(number), *arguments)
    return number.value


def _ask(function: Callable[..., int], *arguments: Any) -> None:
    status = function(*arguments)
    if status:
        raise MachineCannot(
            f"the NVIDIA driver shows no GPU (CUDA error {status}): put one in, or no longer hide it by "
            f"CUDA_VISIBLE_DEVICES; if nvidia-smi does not see it either, {INSTALL}"
        )
