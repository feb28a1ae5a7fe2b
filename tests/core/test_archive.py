"""Zips and folders that a stranger made are read within limits, or refused in a line."""

from __future__ import annotations

import os
import stat
import struct
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import pytest
from pocketlens.core import archive
from pocketlens.core.errors import BadBundle

BOMB = 200 << 20
"""Bytes that a small zip becomes where it is not stopped."""
OPEN = """
import resource, sys
from pathlib import Path
from pocketlens.core.archive import read_files
from pocketlens.core.errors import BadBundle
pages = int(Path("/proc/self/statm").read_text().split()[0])
limit = pages * resource.getpagesize() + (64 << 20)
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    read_files(Path(sys.argv[1]))
except BadBundle as error:
    print(error)
"""
"""Opens what it is given, with 64 MiB to do it in."""


def zipped(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytearray:
    """Write a zip, and give its bytes to be changed."""
    with zipfile.ZipFile(path, "w", method) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return bytearray(path.read_bytes())


def refused(path: Path) -> str:
    """The one line that says why it is not read."""
    with pytest.raises(BadBundle) as error:
        archive.read_files(path)
    line = str(error.value)
    assert line.isprintable() and line.startswith(f"{path}: ") and len(line) < len(str(path)) + 410
    return line


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "b.plens"


def test_a_zip_and_a_folder_hold_the_same(path: Path, tmp_path: Path):
    files = {"a": b"1", "b/c": bytes(99)}
    zipped(path, files)
    with zipfile.ZipFile(path) as made:
        made.extractall(tmp_path / "folder")
    assert archive.read_files(path) == archive.read_files(tmp_path / "folder") == files


def test_what_would_unpack_to_much_is_refused_by_its_size(path: Path, monkeypatch: pytest.MonkeyPatch):
    zipped(path, {"zeros": bytes(2 << 20)})
    monkeypatch.setattr(archive, "MOST_BYTES", 1 << 20)
    assert "more than 1 MiB" in refused(path)


def test_what_says_less_than_it_unpacks_to_is_unpacked_no_further(path: Path):
    data = zipped(path, {"zeros": bytes(BOMB)})
    struct.pack_into("<I", data, data.rindex(b"PK\1\2") + 24, 10)
    path.write_bytes(data)
    done = subprocess.run([sys.executable, "-c", OPEN, path], capture_output=True, text=True)
    assert "Bad CRC" in done.stdout and done.stderr == ""


def test_a_file_that_is_too_large_is_not_read(path: Path, monkeypatch: pytest.MonkeyPatch):
    path.write_bytes(bytes(9 << 20))
    monkeypatch.setattr(archive, "MOST_BYTES", 1 << 20)
    assert "not a readable bundle" in refused(path) or "more than 1 MiB" in refused(path)


def test_a_list_of_very_many_files_is_not_read(path: Path):
    line = struct.pack("<4s4B4HL2L5H2L", b"PK\1\2", 20, 3, 20, 0, 0, 0, 0, 33, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    table = line * 20_000
    path.write_bytes(table + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(table), 0, 0))
    assert "more than 1000 files" in refused(path)


def test_a_list_that_is_elsewhere_is_not_looked_for(path: Path):
    data = zipped(path, {"a": b"1"})
    far = struct.pack("<4sLQL", b"PK\6\7", 0, 0, 1)
    path.write_bytes(data[:-22] + far + data[-22:])
    assert "not a readable bundle" in refused(path)


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [(8, 1, "is encrypted"), (10, 12, "method 12"), (10, 14, "method 14"), (10, 99, "method 99")],
)
def test_what_needs_more_than_deflate(path: Path, place: int, value: int, told: str):
    data = zipped(path, {"a": b"1"})
    struct.pack_into("<H", data, data.index(b"PK\1\2") + place, value)
    path.write_bytes(data)
    assert told in refused(path)


def test_a_name_that_comes_twice(path: Path):
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w") as made:
        warnings.simplefilter("ignore")
        for data in (b"1", b"2"):
            made.writestr("a", data)
    assert "a is in it twice" in refused(path)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_a_zip_with_what_is_no_file(path: Path, kind: int):
    entry = zipfile.ZipInfo("passwd")
    entry.external_attr = (kind | 0o777) << 16
    with zipfile.ZipFile(path, "w") as made:
        made.writestr(entry, "/etc/passwd")
    assert "passwd is a link or a device" in refused(path)


def test_a_folder_with_what_is_no_file(tmp_path: Path):
    (tmp_path / "secret").write_text("secret")
    for name, make in {"link": lambda p: p.symlink_to(tmp_path / "secret"), "pipe": os.mkfifo}.items():
        folder = tmp_path / name
        folder.mkdir()
        make(folder / "x")
        assert "x is a link or a device" in refused(folder)


def test_a_folder_with_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for number in range(4):
        (tmp_path / str(number)).write_bytes(bytes(400 << 10))
    monkeypatch.setattr(archive, "MOST_BYTES", 1 << 20)
    assert "more than 1 MiB" in refused(tmp_path)
    monkeypatch.setattr(archive, "MOST_FILES", 1)
    assert "more than 1 files" in refused(tmp_path)


def test_what_would_never_end(path: Path):
    os.mkfifo(path)
    assert "a device or a pipe" in refused(path)
    path.unlink()
    path.symlink_to("/dev/zero")
    assert "a device or a pipe" in refused(path)


def test_what_is_not_there(path: Path):
    assert "no such bundle" in refused(path)


@pytest.mark.parametrize("name", ["a\nb", "\x1b[31m", "x" * 60_000], ids=["line", "colour", "long"])
def test_names_that_would_spoil_the_line(path: Path, name: str):
    entry = zipfile.ZipInfo(name)
    entry.external_attr = stat.S_IFLNK << 16
    with zipfile.ZipFile(path, "w") as made:
        made.writestr(entry, b"")
    assert refused(path)
