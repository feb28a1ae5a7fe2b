"""An NVIDIA driver that answers as libcuda does: through pointers, with 0 where all is well."""

from __future__ import annotations

from typing import Any


class Driver:
    """Of one GPU."""

    def __init__(self, name: bytes = b"NVIDIA A10", capability: str = "86", multiprocessors: int = 72) -> None:
        self.starts, self.devices = 0, 1
        """What it answers when it is started, 100 being that it shows no device; and how many it has."""
        self._name = name
        self._attributes = {16: multiprocessors, 75: int(capability[0]), 76: int(capability[1])}

    def cuInit(self, flags: int) -> int:
        return self.starts

    def cuDeviceGet(self, device: Any, index: int) -> int:
        return 0 if index < self.devices else 100

    def cuDeviceGetName(self, name: Any, length: int, device: Any) -> int:
        name.value = self._name
        return 0

    def cuDeviceGetAttribute(self, number: Any, attribute: int, device: Any) -> int:
        number._obj.value = self._attributes[attribute]
        return 0

    def cuDriverGetVersion(self, number: Any) -> int:
        number._obj.value = 12060
        return 0
