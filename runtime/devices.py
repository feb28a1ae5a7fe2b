"""The processors of this machine as the system tells of them: CPU, NVIDIA GPU, Jetson."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ..core.gpu import INSTALL
from .engine import all_threads

_ROOT = Path("/")
_JETPACK = {
    "35": "5, which is too old: flash 6 or 7",
    "36": "6, TensorRT 10",
    "38": "7, TensorRT 10",
    "39": "7, TensorRT 10 or 11",
}
"""Release of Linux for Tegra -> the JetPack that goes with it."""


def devices(root: Path = _ROOT) -> list[dict[str, str]]:
    """Kind, name and state of each, from the files under `root`; nothing is started, and no driver is asked."""
    jetson = _jetson(root)
    return [_cpu(root), *([jetson] if jetson else _gpus(root))]


def _cpu(root: Path) -> dict[str, str]:
    name = re.search(r"^model name\s*:\s*(.+)$", _text(root / "proc/cpuinfo"), re.MULTILINE)
    memory = re.search(r"^MemTotal:\s*(\d+) kB", _text(root / "proc/meminfo"), re.MULTILINE)
    size = f", {int(memory[1]) / 2**20:.0f} GiB of memory" if memory else ""
    threads = "1 thread" if all_threads() == 1 else f"{all_threads()} threads"
    return {"kind": "cpu", "name": name[1] if name else os.uname().machine, "told": f"{threads}{size}"}


def _gpus(root: Path) -> list[dict[str, str]]:
    """NVIDIA's, by what its driver shows; one line that there is none where it shows nothing."""
    driver = re.search(r"Kernel Module(?: for \S+)?\s+(\S+)", _text(root / "proc/driver/nvidia/version"))
    if not driver:
        return [{"kind": "gpu", "name": "none", "told": f"no NVIDIA driver is loaded: {INSTALL}"}]
    found = sorted((root / "proc/driver/nvidia/gpus").glob("*/information"))
    names = [re.search(r"^Model:\s*(.+)$", _text(path), re.MULTILINE) for path in found]
    if not found:
        return [{"kind": "gpu", "name": "none", "told": f"driver {driver[1]} is loaded, without a device"}]
    return [{"kind": "gpu", "name": name[1] if name else "NVIDIA", "told": f"driver {driver[1]}"} for name in names]


def _jetson(root: Path) -> dict[str, str] | None:
    """A Jetson board, its Linux for Tegra and the JetPack that goes with it."""
    release = re.search(r"R(\d+) \(release\), REVISION: ([\d.]+)", _text(root / "etc/nv_tegra_release"))
    if not release:
        return None
    board = _text(root / "proc/device-tree/model").strip("\0\n") or "Jetson"
    known = _JETPACK.get(release[1], "unknown")
    accelerators = len(list((root / "dev").glob("nvhost-ctrl-nvdla*")))
    told = f"L4T {release[1]}.{release[2]}, JetPack {known}, {accelerators} DLA"
    return {"kind": "jetson", "name": board, "told": told}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
