"""`pocketlens calib` as scripts call it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from pocketlens.calib_data.cli import GROUP
from pocketlens.core import picture


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    for index, level in enumerate((0, 90, 180, 255)):
        picture.write(folder / f"{index}.png", np.full((30, 40, 3), level, np.uint8))
    return folder


def calib(*arguments: object) -> int:
    """Run `pocketlens calib` and return its exit code."""
    with pytest.raises(SystemExit) as ended:
        GROUP.main([str(argument) for argument in arguments], prog_name="calib")
    return int(ended.value.code or 0)


def test_make_and_show_work_in_turn(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert calib("make", photos, "-o", tmp_path / "set", "--count", 3) == 0
    assert "set holds 3 of the pictures in photos" in capsys.readouterr().out
    assert calib("show", tmp_path / "set", "-o", tmp_path / "sheet.png") == 0
    assert picture.read(tmp_path / "sheet.png").shape[1] > 800
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photos", "set", "sheet.png"]


def test_json_on_standard_output_stands_alone(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert calib("make", photos, "-o", tmp_path / "set", "--json", "-") == 0
    made = json.loads(capsys.readouterr().out)
    assert made["source"] == "photos"
    assert [item["why"] for item in made["items"]][:2] == ["darkest", "brightest"]
    assert calib("show", tmp_path / "set", "-o", tmp_path / "sheet.png", "--json", tmp_path / "show.json", "-q") == 0
    assert capsys.readouterr().out == ""
    assert json.loads((tmp_path / "show.json").read_text()) == made


def test_an_existing_output_is_refused_without_force(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    for command, source, out in (("make", photos, tmp_path / "set"), ("show", tmp_path / "set", tmp_path / "s.png")):
        assert calib(command, source, "-o", out, "-q") == 0
        assert calib(command, source, "-o", out) == 2
        assert f"{out} exists" in capsys.readouterr().err
        assert calib(command, source, "-o", out, "--force", "-q") == 0


@pytest.mark.parametrize("source", ["absent", "empty", "damaged", "text.mp4"])
def test_a_bad_source_is_one_line_and_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str], source: str):
    (tmp_path / "empty").mkdir()
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "a.png").write_bytes(b"no picture")
    (tmp_path / "text.mp4").write_text("no video")
    before = sorted(tmp_path.rglob("*"))
    assert calib("make", tmp_path / source, "-o", tmp_path / "set") == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1 and source in message
    assert sorted(tmp_path.rglob("*")) == before


def test_show_refuses_what_is_no_set(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert calib("show", photos, "-o", tmp_path / "sheet.png") == 2
    assert "not a calibration set" in capsys.readouterr().err
    assert calib("show", tmp_path / "absent", "-o", tmp_path / "sheet.png") == 2
    assert "absent" in capsys.readouterr().err


def test_a_set_of_no_pictures_cannot_be_asked_for(photos: Path, tmp_path: Path):
    assert calib("make", photos, "-o", tmp_path / "set", "--count", 0) == 2


@pytest.mark.parametrize("command", ["make", "show"])
def test_help_gives_an_example(command: str, capsys: pytest.CaptureFixture[str]):
    assert calib(command, "--help") == 0
    assert f"Example: pocketlens calib {command}" in capsys.readouterr().out
