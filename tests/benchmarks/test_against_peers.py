"""Who is the fastest to run the same network."""

from __future__ import annotations

from pathlib import Path

import against_peers
import numpy as np
import pytest
from contenders import Contenders

ROWS = {
    "fsrcnn-x2, openvino fp32": {"p50_ms": 20.0, "error": 1e-6},
    "fsrcnn-x2, onnxruntime fp32": {"p50_ms": 40.0, "error": 1e-6},
    "fsrcnn-x2, openvino int8": {"p50_ms": 5.0, "error": 0.01},
    "ncnn, plain graph": {"p50_ms": 30.0, "error": 1e-5},
    "half precision": {"p50_ms": 10.0, "error": 1e-3},
    "dnn_superres": {"p50_ms": 1.0},
}


def test_only_those_that_make_the_same_picture_are_compared():
    assert against_peers.verdict(ROWS) == {
        "ours": "fsrcnn-x2, openvino fp32",
        "fastest_peer": "ncnn, plain graph",
        "times_as_fast": 1.5,
    }


def test_a_converter_that_is_not_there_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(against_peers, "PYTHON", tmp_path / "bin" / "python")
    with pytest.raises(RuntimeError, match="pnnx does not run"):
        against_peers.in_ncnn(tmp_path / "a.onnx")


def test_a_row_says_how_far_its_picture_is_off(tmp_path: Path):
    frame, truth = np.zeros((1, 1, 2, 3), np.float32), np.full((4, 6), 0.5, np.float32)
    contenders = Contenders(tmp_path, frame, truth, threads=1)
    contenders.ours("right", lambda: truth[None], lambda: None, pictured=True)
    contenders.ours("off", lambda: truth + np.float32(0.25), lambda: None, pictured=True)
    contenders.ours("another network", lambda: None, lambda: None)
    contenders.peer("absent", "none.py", tmp_path, python=tmp_path / "no-python")
    rows, _ = contenders.measured(rounds=1)
    contenders.close()
    assert rows["right"]["error"] == 0 and rows["off"]["error"] == pytest.approx(0.25)
    assert "error" not in rows["another network"]
    assert set(contenders.absent) == {"absent"}
