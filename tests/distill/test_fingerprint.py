"""A run tells what it learned from by hashes: of names and bytes, wherever the folder is."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

from commands import pocketlens
from pocketlens.distill.data import picture_files
from pocketlens.distill.fingerprint import fingerprint
from pocketlens.distill.footage import footage_files
from runs import recipe, write_photos, write_recipe


def of(folder: Path) -> str:
    return fingerprint(str(folder), picture_files(str(folder)))["sha256"]


def test_it_is_what_sha256sum_tells_of_the_folder(photos: Path):
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(photos.iterdir())]
    found = fingerprint(str(photos), picture_files(str(photos)))
    assert found == {"name": "photos", "files": 9, "sha256": hashlib.sha256("".join(lines).encode()).hexdigest()}


def test_the_same_pictures_elsewhere_are_the_same_and_others_are_not(photos: Path, tmp_path: Path):
    before, copy = of(photos), tmp_path / "copy"
    shutil.copytree(photos, copy)
    (copy / "notes.txt").write_text("no picture")
    assert of(copy) == before
    (copy / "3.png").rename(copy / "renamed.png")
    renamed = of(copy)
    (copy / "4.png").write_bytes((copy / "5.png").read_bytes())
    changed = of(copy)
    (copy / "6.png").unlink()
    assert len({before, renamed, changed, of(copy)}) == 4


def test_videos_and_triplets_count_by_their_place_in_the_folder(photos: Path, tmp_path: Path):
    film = tmp_path / "film"
    for scene in ("a", "b"):
        for index in range(3):
            (film / scene).mkdir(parents=True, exist_ok=True)
            shutil.copy(photos / f"{index}.png", film / scene)
    (film / "clip.mp4").write_bytes(b"frames")
    found = footage_files(str(film))
    assert len(found) == 7
    before = fingerprint(str(film), found)["sha256"]
    (film / "b").rename(film / "c")
    assert fingerprint(str(film), footage_files(str(film)))["sha256"] != before
    alone = fingerprint(str(film / "clip.mp4"), footage_files(str(film / "clip.mp4")))
    assert (alone["name"], alone["files"]) == ("clip.mp4", 1)


def test_a_run_keeps_it_and_is_not_resumed_on_other_pictures(photos: Path, tmp_path: Path, capsys):
    held_out = write_photos(tmp_path / "held out", 2)
    content = recipe(photos, data={"train": [str(photos)], "val": [str(held_out)], "patch": 16})
    command = ["distill", "run", write_recipe(tmp_path / "mine.toml", content), "--out", tmp_path / "out", "-q"]
    assert pocketlens(*command) == 0
    kept = json.loads((tmp_path / "out" / "data.json").read_text())
    assert [each["sha256"] for each in (*kept["train"], *kept["val"])] == [of(photos), of(held_out)]
    assert json.loads((tmp_path / "out" / "metrics.json").read_text())["data"] == kept
    assert pocketlens(*command, "--resume") == 0
    (photos / "3.png").write_bytes((photos / "4.png").read_bytes())
    assert pocketlens(*command, "--resume") == 2
    error = capsys.readouterr().err
    assert "other pictures than are in photos now" in error and error.count("\n") == 1
    assert pocketlens(*command, "--force") == 0
    assert json.loads((tmp_path / "out" / "data.json").read_text())["train"][0]["sha256"] == of(photos)


def test_a_run_from_before_it_was_kept_goes_on_and_claims_nothing(photos: Path, tmp_path: Path):
    command = ["distill", "run", write_recipe(tmp_path / "mine.toml", recipe(photos)), "--out", tmp_path / "out", "-q"]
    assert pocketlens(*command) == 0
    (tmp_path / "out" / "data.json").unlink()
    assert pocketlens(*command, "--resume") == 0
    assert json.loads((tmp_path / "out" / "metrics.json").read_text())["data"] is None
