"""What OpenVINO compiled is kept: the same to the bit, sound or not used, and never in anyone's way."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from bundles import upscaler_graph
from pocketlens.core.catalog import ENGINES
from pocketlens.core.errors import BadInput
from pocketlens.runtime import compiled
from pocketlens.runtime.engines import openvino as engine
from pocketlens.runtime.resolve import open_bundle

pytest.importorskip("openvino")

FRAME = np.random.default_rng(0).integers(0, 256, (1, 1, 24, 40), np.uint8)


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("POCKETLENS_CACHE", str(tmp_path))
    return tmp_path / "openvino"


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Grows with each graph that is compiled."""
    made: list[object] = []
    compile_it = engine._Program._compile

    def counted(program: engine._Program, *given: object) -> object:
        made.append(given)
        return compile_it(program, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(engine._Program, "_compile", counted)
    return made


def upscaled(graph: bytes, frame: np.ndarray = FRAME, threads: int = 1) -> np.ndarray:
    """By a program of its own; bytes out of bytes."""
    out = np.zeros((1, 1, 2 * frame.shape[2], 2 * frame.shape[3]), frame.dtype)
    program = ENGINES.get("openvino").load(graph, threads)
    program.run({"frame": frame}, {"upscaled": out})
    program.close()
    return out


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
@pytest.mark.parametrize("frame", [FRAME, FRAME[:, :, 1:], FRAME / np.float32(255)], ids=["even", "odd", "float"])
def test_a_kept_graph_gives_the_same_picture_to_the_bit(precision: str, frame: np.ndarray, compilations: list[object]):
    graph, frame = open_bundle("sesr-x2").graph(precision), np.ascontiguousarray(frame)
    first = upscaled(graph, frame)
    assert np.array_equal(upscaled(graph, frame), first)
    assert len(compilations) == 1


def test_results_of_a_kept_graph_come_by_name(compilations: list[object]):
    def results() -> dict[str, tuple[int, ...]]:
        program = ENGINES.get("openvino").load(bundle.graph("int8", "motion"), 1)
        frame = np.zeros((1, 3, 32, 48), np.float32)
        return {name: made.shape for name, made in program.run({"before": frame, "after": frame, **moment}).items()}

    bundle, moment = open_bundle("ifnet-lite"), {"t": np.array([0.5], np.float32)}
    assert results() == results() and len(compilations) == 1


def test_each_graph_size_and_number_of_threads_has_a_file_of_its_own(folder: Path, compilations: list[object]):
    for graph, frame, threads in (
        (upscaler_graph(), FRAME, 1),
        (upscaler_graph(seed=1), FRAME, 1),
        (upscaler_graph(), np.ascontiguousarray(FRAME[:, :, 2:]), 1),
        (upscaler_graph(), FRAME.astype(np.float32), 1),
        (upscaler_graph(), FRAME, 2),
    ):
        upscaled(graph, frame, threads)
    assert len(list(folder.iterdir())) == len(compilations) == 5


@pytest.mark.parametrize("place", range(5), ids=["openvino", "processor", "instructions", "told", "rewriting"])
def test_what_another_machine_or_version_compiled_is_not_used(
    place: int, compilations: list[object], monkeypatch: pytest.MonkeyPatch
):
    upscaled(upscaler_graph())
    here = list(compiled._here())
    here[place] = "another"
    monkeypatch.setattr(compiled, "_here", lambda: tuple(here))
    upscaled(upscaler_graph())
    assert len(compilations) == 2


def test_the_machine_is_told_apart_by_all_that_a_compiled_graph_depends_on():
    version, processor, instructions, *_ = compiled._here()
    assert str(version)[:4].isdigit() and processor
    assert isinstance(instructions, list)


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def nearly_whole(content: bytes) -> bytes:
    return content[:-1]


def altered(content: bytes) -> bytes:
    middle = len(content) // 3
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def empty(_: bytes) -> bytes:
    return b""


def garbage(content: bytes) -> bytes:
    return np.random.default_rng(0).bytes(len(content))


def not_of_this_openvino(_: bytes) -> bytes:
    rest = b'["upscaled"]\n' + b"another format" * 100
    return compiled._digest(rest) + b"\n" + rest


def nothing_compiled(_: bytes) -> bytes:
    return compiled._digest(b"[]\n") + b"\n" + b"[]\n"


HARMS = cut, nearly_whole, altered, empty, garbage, not_of_this_openvino, nothing_compiled


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
def test_a_kept_graph_that_is_not_sound_is_compiled_again(
    harm: Callable[[bytes], bytes], folder: Path, compilations: list[object]
):
    first = upscaled(upscaler_graph())
    (file,) = folder.iterdir()
    sound = file.read_bytes()
    file.write_bytes(harm(sound))
    assert np.array_equal(upscaled(upscaler_graph()), first) and len(compilations) == 2
    assert np.array_equal(upscaled(upscaler_graph()), first) and len(compilations) == 2, "and kept again"


def test_a_cache_that_cannot_be_written_does_no_harm(folder: Path, compilations: list[object]):
    folder.write_text("a file where the folder should be")
    assert np.array_equal(upscaled(upscaler_graph()), upscaled(upscaler_graph()))
    assert len(compilations) == 2


@pytest.mark.parametrize("error", [BadInput("cannot write: no space left"), OSError(5, "input/output error")])
def test_a_disk_that_is_full_or_broken_does_no_harm(error: Exception, monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object) -> None:
        raise error

    wanted = upscaled(upscaler_graph())
    monkeypatch.setattr(compiled, "write_bytes", fail)
    assert np.array_equal(upscaled(upscaler_graph(), threads=2), wanted)


def test_what_was_not_used_for_longest_makes_room(folder: Path, monkeypatch: pytest.MonkeyPatch):
    graphs = [upscaler_graph(seed=seed) for seed in range(3)]
    files: list[Path] = []
    for graph in graphs[:2]:
        upscaled(graph)
        (new,) = set(folder.iterdir()) - set(files)
        files.append(new)
    for age, file in zip((60, 50), files, strict=True):
        os.utime(file, (file.stat().st_atime, file.stat().st_mtime - age))
    upscaled(graphs[0])
    monkeypatch.setattr(compiled, "_MOST", round(2.5 * files[0].stat().st_size))
    upscaled(graphs[2])
    left = set(folder.iterdir())
    assert files[0] in left and files[1] not in left and len(left) == 2


ASKED = """
import hashlib, sys
import numpy as np
from pocketlens.runtime import Session
digest = hashlib.sha256()
for side in (16, 18, 20, 22, 24):
    with Session.open("sesr-x2", "openvino", "int8", 1) as session:
        digest.update(session.upscale(np.arange(side * side * 3, dtype=np.uint8).reshape(side, side, 3)).tobytes())
print(digest.hexdigest())
"""


def test_processes_that_compile_the_same_at_once_do_each_other_no_harm(folder: Path):
    def together(count: int) -> set[str]:
        begun = [
            subprocess.Popen([sys.executable, "-c", ASKED], stdout=subprocess.PIPE, text=True) for _ in range(count)
        ]
        told = {process.communicate()[0] for process in begun}
        assert [process.returncode for process in begun] == [0] * count
        return told

    alone = together(1)
    for file in folder.iterdir():
        file.unlink()
    assert together(3) == alone
    assert {file.suffix for file in folder.iterdir()} == {".blob"}, "nothing is left over"
    assert together(1) == alone
