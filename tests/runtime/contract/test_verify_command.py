"""`pocketlens verify`: exit codes and reports."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from bundles import make_bundle
from commands import pocketlens
from contracts import after_the_end, sealed, with_graph, with_pictures
from pocketlens.core import picture
from pocketlens.core.bundle import Bundle, write
from pocketlens.core.locate import shipped_bundles
from pocketlens.runtime.contract import cli
from runs import write_photos, write_teacher


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return sealed(with_pictures(make_bundle(tmp_path_factory.mktemp("bundle") / "a.plens"), 6))


@pytest.fixture
def good(bundle: Bundle, tmp_path: Path) -> Path:
    write(tmp_path / "good.plens", bundle.manifest, bundle.files)
    return tmp_path / "good.plens"


@pytest.fixture
def bad(bundle: Bundle, tmp_path: Path) -> Path:
    darker = with_graph(bundle, "fp32", after_the_end("Add", level=np.array(-3 / 255, np.float32)))
    write(tmp_path / "bad.plens", darker.manifest, darker.files)
    return tmp_path / "bad.plens"


def verify(*words: object) -> int:
    return pocketlens("verify", *words, "--engine", "onnxruntime", "--seconds", 0)


def test_what_is_undecided_is_a_warning_or_strictly_a_failure(good: Path, capsys: pytest.CaptureFixture[str]):
    assert verify(good) == 0
    told = capsys.readouterr()
    assert told.err == "pocketlens: a: undecided: latency fp32 onnxruntime\n"
    assert told.out.endswith("verdict: undecided\n")
    assert verify(good, "--strict") == 1


def test_a_limit_that_is_not_kept_is_a_failure(bad: Path, good: Path, capsys: pytest.CaptureFixture[str]):
    assert verify(bad, "--json", "-") == 1
    told = json.loads(capsys.readouterr().out)
    assert told["verdict"] == "fail"
    limits = {limit["name"]: limit for limit in told["limits"]}
    brightness = limits["brightness fp32 onnxruntime samples"]
    assert brightness["limit"] == 0.1 and brightness["value"] == pytest.approx(3.5, abs=0.2)
    assert brightness["verdict"] == "fail"
    assert limits["tiled fp32 onnxruntime"]["verdict"] == "pass"
    assert verify(bad, "--baseline", good, "--quiet") == 1
    assert verify(bad, "--baseline", bad, "--quiet") == 0


def test_reports_for_machines_and_for_pull_requests(bad: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert verify(bad, "--junit", tmp_path / "a.xml", "--markdown", tmp_path / "a.md", "--quiet") == 1
    assert capsys.readouterr().out == ""
    suite = ElementTree.parse(tmp_path / "a.xml").getroot()
    kinds = {case.attrib["name"]: [child.tag for child in case] for case in suite}
    assert kinds["brightness fp32 onnxruntime samples"] == ["failure"]
    assert kinds["latency fp32 onnxruntime"] == ["skipped"]
    assert kinds["tiled fp32 onnxruntime"] == []
    assert int(suite.attrib["tests"]) == len(kinds)
    assert int(suite.attrib["failures"]) == sum(kind == ["failure"] for kind in kinds.values())
    lines = (tmp_path / "a.md").read_text().splitlines()
    assert lines[0] == "### a: **fail**"
    assert "**fail**" in lines[4] and lines[-1].endswith("| pass |")


@pytest.mark.parametrize("option", ["--junit", "--markdown", "--json"])
def test_what_cannot_be_written_is_told_before_anything_is_measured(
    good: Path, tmp_path: Path, option: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    measured = []
    monkeypatch.setattr(cli, "verify", lambda *words: measured.append(words) or [])
    (tmp_path / "taken").write_text("mine")
    (tmp_path / "folder").mkdir()
    assert verify(good, option, tmp_path / "taken") == 2
    assert "--force" in capsys.readouterr().err
    assert verify(good, option, tmp_path / "folder", "--force") == 2
    assert "folder is a folder" in capsys.readouterr().err
    assert measured == [] and (tmp_path / "taken").read_text() == "mine"
    monkeypatch.undo()
    assert verify(good, option, tmp_path / "taken", "--force", "--quiet") == 0
    assert "brightness fp32" in (tmp_path / "taken").read_text()


def test_update_does_not_touch_what_is_shipped(capsys: pytest.CaptureFixture[str]):
    path = shipped_bundles()["sesr-x2"]
    before = path.read_bytes()
    for model in ("sesr-x2", path):
        assert pocketlens("verify", model, "--update", "--seconds", 1) == 2
        assert f"copy {path} first" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_a_run_folder_is_undecided_and_says_how_to_seal_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    run = write_teacher(tmp_path / "run", "sesr", channels=4, blocks=1, width=4)
    assert verify(run) == 0
    assert "seal it: pocketlens export bundle" in capsys.readouterr().out


def test_a_picture_that_is_too_small_is_named(good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    write_photos(tmp_path / "photos", 1)
    picture.write(tmp_path / "photos" / "tiny.png", np.zeros((1, 1, 3), np.uint8))
    assert verify(good, "--data", tmp_path / "photos") == 2
    told = capsys.readouterr().err
    assert f"{tmp_path / 'photos' / 'tiny.png'}: a picture of 1x1 is too small" in told and "leave it out" in told


def test_update_records_this_machine_in_the_bundle(good: Path, monkeypatch: pytest.MonkeyPatch):
    called = []
    monkeypatch.setattr(cli, "update", lambda *words: called.append(words[0]))
    assert verify(good, "--update", "--quiet") == 0
    assert called == [good]


def test_update_wants_a_bundle_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    run = write_teacher(tmp_path / "run", "sesr", channels=4, blocks=1, width=4)
    assert verify(run, "--update") == 2
    assert "rewrites a bundle file" in capsys.readouterr().err


def test_wrong_use(good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert verify(tmp_path / "none.plens") == 2
    (tmp_path / "empty").mkdir()
    assert verify(good, "--data", tmp_path / "empty") == 2
    assert "no pictures" in capsys.readouterr().err
