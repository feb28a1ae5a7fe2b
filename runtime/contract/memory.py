"""Peak memory of a model: that of a process which opens it, runs it on a few frames, and does nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from ...core.bundle import Bundle, read, write
from ...core.errors import MachineCannot
from ..choose import choices

_STATUS = Path("/proc/self/status")
_FRAMES = 3


def peak_mib(bundle: Bundle, engine: str, precision: str, threads: int, size: tuple[int, int]) -> float | None:
    """MiB; None where the system does not tell. Raises MachineCannot where the model does not run."""
    if not _STATUS.exists():
        return None
    with tempfile.TemporaryDirectory(prefix="pocketlens-") as folder:
        path = Path(folder) / "model.plens"
        write(path, bundle.manifest, bundle.files)
        words = [str(path), engine, precision, *map(str, (threads, *size))]
        done = subprocess.run([sys.executable, "-m", __name__, *words], capture_output=True, text=True)
    if done.returncode:
        told = (done.stderr.strip() or f"exit code {done.returncode}").splitlines()[-1]
        raise MachineCannot(f"{engine} cannot run {precision} in a process of its own: {told}")
    return float(done.stdout)


def _run(path: str, engine: str, precision: str, *numbers: str) -> float:
    """What the process does: MiB that it held at most."""
    threads, height, width = map(int, numbers)
    bundle = read(Path(path))
    (choice,) = choices(bundle.manifest, engine, precision)[0]
    step = choice.load(bundle, threads).trial(height, width)
    for _ in range(_FRAMES):
        step()
    # What `resource` tells includes the process that started this one.
    peak = re.search(r"VmHWM:\s*(\d+)", _STATUS.read_text(encoding="ascii"))
    return int(peak[1]) / 1024 if peak else 0.0


if __name__ == "__main__":
    print(_run(*sys.argv[1:]))
