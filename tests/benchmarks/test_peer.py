"""A peer in a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import peer
import pytest

ECHO = """
import sys
import numpy as np
from serve import serve
frame, out, threads = np.load(sys.argv[1]), sys.argv[2], sys.argv[3]
serve(lambda: frame * int(threads), out)
"""


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of peers with the common loop in it."""
    folder = tmp_path / "peers"
    folder.mkdir()
    source = Path(peer.__file__).parent / "peers" / "serve.py"
    (folder / "serve.py").write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(peer, "HERE", tmp_path)
    return folder


def test_a_peer_gives_its_picture_once_and_the_time_of_each_call(scripts: Path, tmp_path: Path):
    (scripts / "echo.py").write_text(ECHO, encoding="utf-8")
    np.save(tmp_path / "frame.npy", np.ones((2, 3), np.float32))
    out = tmp_path / "out.npy"
    echo = peer.Peer("echo.py", tmp_path / "frame.npy", out, python=Path(sys.executable), threads=2)
    assert np.load(out).tolist() == [[2, 2, 2]] * 2
    times = echo(4)
    assert len(times) == 4 and all(time >= 0 for time in times)
    assert len(echo(1)) == 1
    echo.close()


def test_one_that_does_not_start_says_why(scripts: Path):
    (scripts / "broken.py").write_text("raise SystemExit('no such library')", encoding="utf-8")
    with pytest.raises(RuntimeError, match=r"broken.py does not run: no such library"):
        peer.Peer("broken.py", python=Path(sys.executable))
