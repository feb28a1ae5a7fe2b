"""Outputs that appear whole or not at all."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest
from pocketlens.core.errors import BadInput
from pocketlens.core.files import refuse_existing, require_writable, sha256, to_json, whole, write_text


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path):
    write_text(tmp_path / "a.txt", "old")
    with pytest.raises(RuntimeError), whole(tmp_path / "a.txt") as draft:
        draft.write_text("half")
        raise RuntimeError
    assert (tmp_path / "a.txt").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_full_disk_is_bad_input_and_leaves_nothing(tmp_path: Path):
    with pytest.raises(BadInput, match=r"cannot write .*a.txt: No space left"), whole(tmp_path / "a.txt") as draft:
        draft.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_bad_input(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="cannot write"):
        write_text(tmp_path / "file" / "a.txt", "text")


def test_a_folder_is_never_replaced_by_a_file(tmp_path: Path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.png").write_text("")
    with pytest.raises(BadInput, match="directory"):
        write_text(tmp_path / "photos", "text")
    assert (tmp_path / "photos" / "a.png").exists()


def test_a_folder_is_replaced_whole_by_a_folder(tmp_path: Path):
    for name in ("old", "new"):
        with whole(tmp_path / "set", folder=True) as draft:
            (draft / name).write_text(name)
    assert [path.name for path in (tmp_path / "set").iterdir()] == ["new"]
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_an_existing_output_is_refused_unless_forced(tmp_path: Path):
    with pytest.raises(BadInput, match="--force"):
        refuse_existing(tmp_path, force=False)
    refuse_existing(tmp_path, force=True)
    refuse_existing(tmp_path / "new", force=False)


def test_json_has_null_for_infinity():
    assert json.loads(to_json({"psnr": [1.5, float("inf"), float("nan")]})) == {"psnr": [1.5, None, None]}


def test_sha256_is_that_of_the_bytes(tmp_path: Path):
    """FIPS 180-2, appendix B.1."""
    (tmp_path / "abc").write_bytes(b"abc")
    assert sha256(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_pipe_or_device_is_never_replaced(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "stdout").symlink_to("pipe")
    for name in ("pipe", "stdout"):
        with pytest.raises(BadInput, match="device or a pipe"):
            write_text(tmp_path / name, "{}")
    assert (tmp_path / "stdout").is_symlink() and (tmp_path / "pipe").is_fifo()


def test_a_place_can_be_tried_before_there_is_anything_to_write(tmp_path: Path):
    require_writable(tmp_path / "new" / "a.json")
    assert [path.name for path in tmp_path.rglob("*")] == ["new"], "nothing is left but the folder"
    for place in (tmp_path, Path("/dev/null"), Path("/dev/null/a.json")):
        with pytest.raises(BadInput):
            require_writable(place)
