"""The GPU of a machine, asked of a driver that is made up."""

from __future__ import annotations

import ctypes
from typing import Any

import pytest
from pocketlens.core.errors import MachineCannot
from pocketlens.core.gpu import Gpu, first_gpu


class Driver:
    """Answers as libcuda does: through pointers, with 0 where all is well."""

    def __init__(self, init: int = 0, devices: int = 1) -> None:
        self._init, self._devices = init, devices

    def cuInit(self, flags: int) -> int:
        return self._init

    def cuDeviceGet(self, device: Any, index: int) -> int:
        return 0 if index < self._devices else 100

    def cuDeviceGetName(self, name: Any, length: int, device: Any) -> int:
        name.value = b"NVIDIA Orin"
        return 0

    def cuDeviceGetAttribute(self, number: Any, attribute: int, device: Any) -> int:
        number._obj.value = {75: 8, 76: 7}[attribute]
        return 0

    def cuDriverGetVersion(self, number: Any) -> int:
        number._obj.value = 12060
        return 0


def test_the_driver_tells_of_its_first_gpu(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: Driver())
    assert first_gpu() == Gpu("NVIDIA Orin", "87", "12.6")


@pytest.mark.parametrize(("driver", "status"), [(Driver(init=100), 100), (Driver(devices=0), 100), (Driver(init=999), 999)])
def test_a_driver_without_a_device_is_one_clear_line(monkeypatch: pytest.MonkeyPatch, driver: Driver, status: int):
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: driver)
    with pytest.raises(MachineCannot, match=rf"the NVIDIA driver shows no GPU \(CUDA error {status}\); nvidia-smi"):
        first_gpu()


def test_no_driver_is_one_clear_line(monkeypatch: pytest.MonkeyPatch):
    def missing(name: str) -> None:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(ctypes, "CDLL", missing)
    with pytest.raises(MachineCannot, match="no NVIDIA driver is here"):
        first_gpu()
