"""What only a process of its own can show: imports, signals, limits, memory."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from bundles import make_bundle, upscaler_graph
from clips import make_clip
from interpolators import make_interpolator, moving_graph

COMMAND = [sys.executable, "-m", "pocketlens"]
RACE = """
import sys, threading, openvino
from pocketlens.runtime.engines.openvino import core

def use():
    core()
    gate.wait()
    openvino.Type.f32.to_dtype()

sys.setswitchinterval(1e-6)
gate = threading.Barrier(8)
threads = [threading.Thread(target=use) for _ in range(8)]
for step in (threading.Thread.start, threading.Thread.join):
    for thread in threads:
        step(thread)
"""


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return make_bundle(tmp_path / "b.plens", graphs={"fp32": upscaler_graph()})


def run_then(tell: str, *arguments: object) -> str:
    """Run the command in a fresh interpreter, and then what `tell` says; gives what that prints."""
    code = f"import sys\nfrom pocketlens.cli import GROUP\nGROUP.main(sys.argv[1:], standalone_mode=False)\n{tell}"
    done = subprocess.run([sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_running_a_video_imports_neither_torch_nor_onnx(bundle: Path, tmp_path: Path):
    clip = make_clip(tmp_path / "in.mp4")
    tell = "print([name for name in ('torch', 'onnx', 'nncf') if name in sys.modules])"
    assert run_then(tell, "run", bundle, clip, "-o", tmp_path / "out.mp4") == "[]"
    assert (tmp_path / "out.mp4").exists()


def test_a_signal_after_an_openvino_session_is_survived(bundle: Path, tmp_path: Path):
    """Its plugin moves the main thread's signal stack on CPUs with AMX; a Ctrl-C then crashed the interpreter."""
    clip = make_clip(tmp_path / "in.mp4")
    tell = (
        "import signal\nsignal.signal(signal.SIGINT, lambda *_: print('handled'))\nsignal.raise_signal(signal.SIGINT)"
    )
    arguments = ("run", bundle, clip, "-o", tmp_path / "out.mp4", "--engine", "openvino")
    assert run_then(tell, *arguments).endswith("handled")


def test_threads_that_are_the_first_to_use_openvino_do_not_wait_for_each_other():
    """Its binding makes its tables of types at first use, in a way that two threads at once do not survive."""
    pytest.importorskip("openvino")
    assert subprocess.run([sys.executable, "-c", RACE], timeout=60).returncode == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "terminate"])
def test_an_interrupt_leaves_nothing(bundle: Path, tmp_path: Path, number: signal.Signals):
    clip = make_clip(tmp_path / "in.mp4", height=240, width=320, pts=range(0, 30000, 40))
    running = subprocess.Popen([*COMMAND, "run", bundle, clip, "-o", tmp_path / "out.mp4"], stderr=subprocess.PIPE)
    deadline = time.monotonic() + 30
    while not list(tmp_path.glob(".out-*/out.mp4")) and time.monotonic() < deadline:
        time.sleep(0.02)
    running.send_signal(number)
    _, stderr = running.communicate(timeout=30)
    assert (running.returncode, stderr) == (130, b"pocketlens: interrupted\n")
    assert {path.name for path in tmp_path.iterdir()} == {"b.plens", "in.mp4"}


def test_a_disk_that_fills_up_leaves_nothing(bundle: Path, tmp_path: Path):
    clip = make_clip(tmp_path / "in.mp4", height=120, width=160, pts=range(0, 4000, 40))
    limited = ["bash", "-c", 'ulimit -f 20; exec "$@"', "bash", *COMMAND]
    done = subprocess.run([*limited, "run", bundle, clip, "-o", tmp_path / "out.mp4"], capture_output=True, text=True)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("pocketlens: cannot write") and done.stderr.count("\n") == 1
    assert {path.name for path in tmp_path.iterdir()} == {"b.plens", "in.mp4"}


@pytest.mark.long
@pytest.mark.parametrize("task", ["upscale", "interpolate"])
def test_memory_does_not_grow_with_the_length_of_a_clip(bundle: Path, tmp_path: Path, task: str):
    if task == "interpolate":
        bundle = make_interpolator(tmp_path / "between.plens", {("fp32", "motion"): moving_graph(3)})

    def peak_kilobytes(frames: int) -> int:
        clip = make_clip(tmp_path / f"{frames}.mp4", 180, 320, range(0, 40 * frames, 40), sound=True)
        # The peak that wait4 gives would count this process's memory at the fork.
        tell = "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
        return int(run_then(tell, "run", bundle, clip, "-o", clip.with_suffix(".mkv")))

    short, long = peak_kilobytes(150), peak_kilobytes(3000)
    assert long < 1.05 * short
