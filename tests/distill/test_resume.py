"""A run that is killed at any moment and resumed ends at the same bits as one that is not."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import pocketlens
from pocketlens.core.files import sha256
from runs import recipe, write_recipe

STEPS = 600


def kill_in_the_middle(path: Path, out: Path, number: signal.Signals) -> int:
    """Start the run in a process of its own and signal it at a random moment; returns its exit code."""
    command = [sys.executable, "-m", "pocketlens", "distill", "run", str(path), "--out", str(out), "--quiet"]
    with subprocess.Popen(command, env=os.environ | {"OMP_NUM_THREADS": "1"}, stderr=subprocess.PIPE) as process:
        curves = out / "metrics.jsonl"
        deadline = time.monotonic() + 60
        while not (curves.exists() and curves.read_text().count("\n") > 1) and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(random.uniform(0, 0.3))
        process.send_signal(number)
        _, error = process.communicate(timeout=60)
    if number == signal.SIGTERM:
        assert b"go on with --resume" in error and error.count(b"\n") == 1
    return process.returncode


@pytest.mark.parametrize(
    ("distilled", "number", "code"),
    [
        pytest.param(False, signal.SIGKILL, -9, id="plain, kill -9"),
        pytest.param(True, signal.SIGKILL, -9, id="distilled, kill -9"),
        pytest.param(True, signal.SIGTERM, 130, id="distilled, SIGTERM"),
    ],
)
def test_killed_and_resumed_is_the_same_to_the_bit(
    photos: Path, teacher: Path, tmp_path: Path, distilled: bool, number: signal.Signals, code: int
):
    content = recipe(photos, teacher if distilled else None, steps=STEPS, eval_every=25)
    path = write_recipe(tmp_path / "mine.toml", content)
    assert kill_in_the_middle(path, tmp_path / "killed", number) == code
    assert not (tmp_path / "killed" / "weights.safetensors").exists(), "it was done before it was killed"
    assert pocketlens("distill", "run", path, "--out", tmp_path / "killed", "--resume", "-q") == 0
    assert pocketlens("distill", "run", path, "--out", tmp_path / "straight", "-q") == 0
    assert sha256(tmp_path / "killed" / "weights.safetensors") == sha256(tmp_path / "straight" / "weights.safetensors")
    rows = (tmp_path / "killed" / "metrics.jsonl").read_text().splitlines()
    assert len(rows) == STEPS // 25


def test_a_kill_between_the_curve_and_the_state_leaves_no_row_twice(photos: Path, tmp_path: Path):
    path, out = write_recipe(tmp_path / "mine.toml", recipe(photos)), tmp_path / "out"
    assert pocketlens("distill", "run", path, "--out", out, "-q") == 0
    (out / "state.pt").unlink()
    (out / ".state-abc").mkdir()
    (out / ".state-abc" / "state.pt").write_bytes(b"half")
    with (out / "metrics.jsonl").open("a") as file:
        file.write('{"step": 40, "half')
    assert pocketlens("distill", "run", path, "--out", out, "--resume", "-q") == 0
    assert [row.partition(",")[0] for row in (out / "metrics.jsonl").read_text().splitlines()] == [
        '{"step": 10',
        '{"step": 20',
        '{"step": 30',
    ]
    assert not list(out.glob(".*")), "half a state is left"


def test_resuming_a_finished_run_writes_its_results_again(photos: Path, teacher: Path, tmp_path: Path):
    path, out = write_recipe(tmp_path / "mine.toml", recipe(photos, teacher)), tmp_path / "out"
    assert pocketlens("distill", "run", path, "--out", out, "-q") == 0
    before = sha256(out / "weights.safetensors")
    for name in ("weights.safetensors", "metrics.json", "samples.png", "curves.png"):
        (out / name).unlink()
    for kept in (tmp_path / "cache").rglob("*.npy"):
        kept.unlink()
    assert pocketlens("distill", "run", path, "--out", out, "--resume", "-q") == 0
    assert sha256(out / "weights.safetensors") == before
    assert {"metrics.json", "samples.png", "curves.png"} <= {file.name for file in out.iterdir()}
    assert not list((tmp_path / "cache").rglob("*.npy")), "the teacher was asked for nothing"
    (out / "metrics.jsonl").unlink()
    assert pocketlens("distill", "run", path, "--out", out, "--resume", "-q") == 0


def test_resuming_needs_the_same_recipe(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path, out = write_recipe(tmp_path / "mine.toml", recipe(photos)), tmp_path / "out"
    assert pocketlens("distill", "run", path, "--out", out, "--resume") == 2
    assert "nothing to resume in" in capsys.readouterr().err
    assert pocketlens("distill", "run", path, "--out", out, "-q") == 0
    assert pocketlens("distill", "run", path, "--out", out, "--resume", "--set", "steps=50") == 2
    assert "made by another recipe (its steps differ)" in capsys.readouterr().err


def test_a_damaged_state_is_one_clear_line(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path, out = write_recipe(tmp_path / "mine.toml", recipe(photos)), tmp_path / "out"
    assert pocketlens("distill", "run", path, "--out", out, "-q") == 0
    whole = (out / "state.pt").read_bytes()
    for broken in (whole[:-2000], b"", b"no state"):
        (out / "state.pt").write_bytes(broken)
        assert pocketlens("distill", "run", path, "--out", out, "--resume", "-q") == 2
        message = capsys.readouterr().err
        assert "state.pt is damaged; start again with --force" in message and message.count("\n") == 1
    assert pocketlens("distill", "run", path, "--out", out, "--force", "-q") == 0
