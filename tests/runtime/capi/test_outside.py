"""Programs that know nothing of the Python environment: they work, or are told why not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from built import C89, compile_with, outside
from bundles import make_bundle, nearest_graph
from driven import Driven
from pocketlens.runtime.api import Descriptor, PixelFormat, Status
from pocketlens.runtime.capi import baked as environment
from pocketlens.runtime.capi.build import build
from programs import needs_program

HERE = Path(__file__).parent
OVERRIDE = "POCKETLENS_SITE_PACKAGES"
WORKS = "0 1 \n\n"
OPTIONS = {"engine": "onnxruntime", "threads": 1}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("bundle") / "upscaler.plens", graphs={"fp32": nearest_graph(1)})


@pytest.fixture(scope="module")
def plugin(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_with(library, C89, HERE / "plugin.c", tmp_path_factory.mktemp("plugin") / "plugin")


def run(program: Path, *arguments: Path, **changes: str) -> str:
    """What a program writes, away from here; it must end well and print nothing else."""
    command = [str(word) for word in (program, *arguments)]
    done = subprocess.run(command, cwd="/", env=outside(**changes), capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_a_host_that_keeps_the_library_to_itself_can_use_it(plugin: Path, library: Path, bundle: Path):
    assert run(plugin, library / "libpocketlens.so", bundle) == WORKS


def test_a_host_that_runs_python_itself_can_use_it(library: Path):
    """One in which capsules have been looked into, as torch does when it is imported."""
    host = f"""
import ctypes, datetime
datetime.datetime_CAPI.__class__
library = ctypes.CDLL({str(library / "libpocketlens.so")!r})
print(library.pocketlens_load(None))
"""
    done = subprocess.run([sys.executable, "-c", host], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{Status.BAD_HANDLE:d}\n", "")


def test_what_the_user_has_set_does_not_matter(plugin: Path, library: Path, bundle: Path, tmp_path: Path):
    hostile = {"PYTHONHOME": "/nowhere", "PYTHONPATH": str(tmp_path), "PYTHONVERBOSE": "1", "LC_ALL": "C"}
    hostile |= {"HOME": "/nowhere", "PATH": "", "VIRTUAL_ENV": "/nowhere"}
    (tmp_path / "numpy.py").write_text("raise SystemExit(5)", encoding="utf-8")
    assert run(plugin, library / "libpocketlens.so", bundle, **hostile) == WORKS


def test_other_site_packages_can_be_named(plugin: Path, library: Path, bundle: Path):
    folders = ":".join(environment.site_packages())
    assert run(plugin, library / "libpocketlens.so", bundle, **{OVERRIDE: folders}) == WORKS


def test_an_environment_without_pocketlens_is_told(plugin: Path, library: Path, bundle: Path, tmp_path: Path):
    told, logged = run(plugin, library / "libpocketlens.so", bundle, **{OVERRIDE: str(tmp_path)}).splitlines()
    assert told.startswith(f"{Status.MACHINE_CANNOT} 0 pocketlens cannot be imported from {tmp_path} (")
    assert logged == told.replace(" 0 ", " ", 1)
    assert f"set {OVERRIDE} to the site-packages of a Python {sys.version_info[0]}.{sys.version_info[1]}" in told


def test_a_python_that_is_gone_is_told(
    plugin: Path, library: Path, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(environment.sysconfig, "get_path", lambda name: f"/gone/{name}")
    baked = environment.baked()
    monkeypatch.undo()
    monkeypatch.setattr("pocketlens.runtime.capi.build.baked", lambda: baked)
    build(tmp_path / "moved")
    told = run(plugin, tmp_path / "moved" / "libpocketlens.so", bundle)
    assert told.startswith(f"{Status.MACHINE_CANNOT} 0 the Python that this library was built for is gone")
    assert "/gone/stdlib/os.py" in told


def test_a_start_that_fails_without_a_word_is_told_all_the_same(
    plugin: Path, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(environment, "_SERVE", "raise MemoryError")
    build(tmp_path / "speechless")
    told = run(plugin, tmp_path / "speechless" / "libpocketlens.so", bundle)
    assert told.startswith(f"{Status.MACHINE_CANNOT} 0 the Python inside cannot start\n")


def test_threads_may_race_for_the_first_call_and_run_models_side_by_side(library: Path, bundle: Path, tmp_path: Path):
    program = compile_with(library, C89, HERE / "threads.c", tmp_path / "threads")
    sums = run(program, bundle).split()
    assert sums == [str(sum(range(25)) * 4 * 16 * 16)] * 4


@contextmanager
def watched(driver: Path) -> Iterator[Driven]:
    """The driver under valgrind, which must find no error."""
    program = Driven(
        driver, needs_program("valgrind"), "--quiet", "--error-exitcode=9", f"--suppressions={HERE / 'valgrind.supp'}"
    )
    yield program
    assert program.close() == ""


@pytest.mark.long
def test_valgrind_finds_nothing_from_the_first_call_to_the_end_of_the_program(driver: Path, bundle: Path):
    with watched(driver) as program:
        status, handle = program.create(str(bundle), OPTIONS)
        assert (status, program.load(handle)) == (Status.OK, Status.OK)
        for side in (1, 2, 5, 33):
            frame = Descriptor(bytearray(side * side), PixelFormat.GRAY8, side, side)
            assert program.push(handle, frame) == Status.OK
            assert program.pull(handle, frame) == Status.OTHER_SIZE
            out = Descriptor(bytearray(4 * side * side), PixelFormat.GRAY8, 2 * side, 2 * side)
            assert program.pull(handle, out) == Status.OK
        assert program.push(handle, Descriptor(bytearray(3), PixelFormat.GRAY8, 2, 2)) == Status.BAD_FRAME
        assert program.reset(handle) == Status.OK
        assert program.load(handle) == Status.BAD_STATE
        assert program.destroy(handle) == Status.OK
