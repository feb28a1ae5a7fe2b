"""The GPU of a machine, asked of a driver that is made up."""

from __future__ import annotations

import ctypes

import pytest
from fake_driver import Driver
from pocketlens.core.errors import MachineCannot
from pocketlens.core.gpu import Gpu, first_gpu


def test_the_driver_tells_of_its_first_gpu(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: Driver(b"Orin", "87", 16))
    assert first_gpu() == Gpu("Orin", "87", "12.6", 16)


@pytest.mark.parametrize(("starts", "devices", "status"), [(100, 1, 100), (999, 1, 999), (0, 0, 100)])
def test_a_driver_without_a_device_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, starts: int, devices: int, status: int
):
    driver = Driver()
    driver.starts, driver.devices = starts, devices
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: driver)
    with pytest.raises(MachineCannot, match=rf"shows no GPU \(CUDA error {status}\): .*install NVIDIA's driver"):
        first_gpu()


def test_no_driver_is_one_clear_line(monkeypatch: pytest.MonkeyPatch):
    def missing(name: str) -> None:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(ctypes, "CDLL", missing)
    with pytest.raises(MachineCannot, match=r"no NVIDIA driver is here .*: install NVIDIA's driver"):
        first_gpu()
