"""What comes out when a video's frame rate is raised."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from bundles import make_bundle, nearest_graph
from clips import look, make_clip, packets
from commands import pocketlens
from interpolators import fading_graph, make_interpolator, moving_graph
from pocketlens.runtime import Frame, encode
from pocketlens.runtime.decode import Reader
from pocketlens.runtime.frame import LAYOUTS
from scenes import moved, scene

UNEVEN = [1000, 1040, 1130, 1150, 1500, 1501, 2000]
"""Milliseconds: a variable frame rate, and a first frame that is not at zero."""
SPEED = 4


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sees everything move to the right by `SPEED` pixels."""
    path = tmp_path_factory.mktemp("moving") / "moving.plens"
    return make_interpolator(path, {("fp32", "motion"): moving_graph(SPEED)})


def run(bundle: Path, source: Path, target: Path, *options: object) -> Path:
    assert pocketlens("run", bundle, source, "-o", target, "--engine", "onnxruntime", *options) == 0
    return target


def walk(path: Path, pts: Sequence[int], **options: object) -> Path:
    """A scene of which every frame is `SPEED` pixels further to the right."""
    pictures = [moved(scene(0, 64, 96), SPEED * step) for step in range(len(pts))]
    return make_clip(path, 64, 96, pts, pictures=pictures, **options)  # type: ignore[arg-type]


def true_times(path: Path) -> list[Fraction]:
    """Milliseconds at which the frames of a file are shown, to the last digit."""
    with av.open(str(path)) as file:
        return [frame.pts * frame.time_base * 1000 for frame in file.decode(video=0)]  # type: ignore[operator]


def written(monkeypatch: pytest.MonkeyPatch) -> list[Frame]:
    """Frames as they reach the writer, which are kept from now on."""
    kept: list[Frame] = []
    write = encode.Writer.write

    def keep(writer: encode.Writer, item: Frame | av.Packet) -> None:
        if isinstance(item, Frame):
            kept.append(item)
        write(writer, item)

    monkeypatch.setattr(encode.Writer, "write", keep)
    return kept


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_a_factor_divides_every_gap_of_a_variable_rate(model: Path, tmp_path: Path, factor: int):
    made = run(model, walk(tmp_path / "in.mp4", UNEVEN), tmp_path / "out.mp4", "--factor", factor)
    found = true_times(made)
    expected = [
        start + Fraction(step * (stop - start), factor)
        for start, stop in itertools.pairwise(UNEVEN)
        for step in range(factor)
    ]
    assert found[: len(expected) + 1] == [*expected, UNEVEN[-1]]


@pytest.mark.parametrize(("fps", "step"), [("60", Fraction(50, 3)), ("59.94", Fraction(1001, 60)), ("12.5", 80)])
def test_a_rate_is_an_even_grid_from_the_first_frame(model: Path, tmp_path: Path, fps: str, step: Fraction):
    source = walk(tmp_path / "in.mp4", range(120, 520, 40))
    found = true_times(run(model, source, tmp_path / "out.mp4", "--fps", fps))
    assert found == [120 + index * step for index in range(round(400 / step))]


@pytest.mark.parametrize("suffix", [".mkv", ".webm"])
def test_files_that_count_milliseconds_are_right_to_a_half(model: Path, tmp_path: Path, suffix: str):
    made = run(model, walk(tmp_path / "in.mp4", range(0, 400, 40)), tmp_path / f"out{suffix}", "--fps", "60")
    assert [abs(found - index * Fraction(50, 3)) <= Fraction(1, 2) for index, found in enumerate(true_times(made))] == [
        True
    ] * 24


def test_things_are_on_their_way_at_the_right_moment(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    kept = written(monkeypatch)
    run(model, walk(tmp_path / "in.mp4", range(0, 400, 40)), tmp_path / "out.mp4", "--factor", 4)
    first = kept[0].planes[0].astype(float)
    for shown in kept[:36]:
        gone = round(shown.pts * shown.time_base / Fraction(40, 1000) * SPEED)
        error = shown.planes[0][:, 40:].astype(float) - np.roll(first, gone, axis=1)[:, 40:]
        assert np.abs(error).mean() < 1.5


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le"])
def test_given_frames_reach_the_writer_bit_for_bit(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pix_fmt: str
):
    source = walk(tmp_path / "in.mp4", range(0, 200, 40), pix_fmt=pix_fmt)
    kept = written(monkeypatch)
    made = run(model, source, tmp_path / "out.mkv", "--factor", 2)
    with Reader(source, [*LAYOUTS]) as reader:
        given = [item for item in reader if isinstance(item, Frame)]
    assert look(made).pix_fmt == pix_fmt
    for before, after in zip(given, kept[::2], strict=True):
        for expected, found in zip(before.planes, after.planes, strict=True):
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("colour", [(1, 1, 1, 1), (9, 16, 9, 1), (5, 6, 5, 2)], ids=["bt709", "hdr", "full range"])
@pytest.mark.parametrize("face", ["motion", "float"])
def test_colours_and_their_tags_stay(tmp_path: Path, colour: tuple[int, int, int, int], face: str):
    graph = moving_graph() if face == "motion" else fading_graph()
    bundle = make_interpolator(tmp_path / "m.plens", {("fp32", face): graph})
    source = make_clip(tmp_path / "in.mp4", colour=colour)
    before, after = look(source), look(run(bundle, source, tmp_path / "out.mp4"))
    assert after.colour == colour
    for given, made in zip(before.planes, after.planes, strict=True):
        assert abs(given.mean() - made.mean()) < 0.5


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov"])
def test_sound_is_copied_to_the_byte_and_stays_in_time(model: Path, tmp_path: Path, suffix: str):
    source = walk(tmp_path / f"in{suffix}", UNEVEN, sound=True)
    made = run(model, source, tmp_path / f"out{suffix}", "--fps", 50)
    before, after = packets(source, "audio"), packets(made, "audio")
    assert [data for _, data in after] == [data for _, data in before]
    assert np.allclose([time for time, _ in after], [time for time, _ in before], atol=1e-3)
    assert look(made).times[0] == pytest.approx(look(source).times[0], abs=1e-3)


@pytest.mark.parametrize("options", [("--factor", 3), ("--fps", 75)])
def test_the_rate_and_the_duration_are_told_right(model: Path, tmp_path: Path, options: tuple[object, ...]):
    source = walk(tmp_path / "in.mp4", range(0, 1000, 40))
    with av.open(str(run(model, source, tmp_path / "out.mp4", *options))) as file:
        video = file.streams.video[0]
        assert (video.average_rate, video.frames) == (75, 75)
        assert video.duration is not None and video.time_base is not None
        assert video.duration * video.time_base == 1


def test_a_file_without_time_stamps_goes_by_its_rate(model: Path, tmp_path: Path):
    source = walk(tmp_path / "in.h264", range(0, 400, 40))
    made = run(model, source, tmp_path / "out.mp4", "--factor", 2)
    assert true_times(made) == [20 * index for index in range(20)]


def test_an_avi_goes_by_its_rate(model: Path, tmp_path: Path):
    source = walk(tmp_path / "in.avi", range(10), time_base=Fraction(1, 25), codec="mpeg4")
    made = run(model, source, tmp_path / "out.mp4", "--fps", 50)
    assert true_times(made) == [20 * index for index in range(20)]


@pytest.mark.parametrize("damage", ["gone", "garbled"])
@pytest.mark.parametrize("suffix", [".mp4", ".avi"])
def test_a_broken_frame_is_told_bridged_and_the_rest_done(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: str, suffix: str
):
    codec = "libx264" if suffix == ".mp4" else "mpeg4"
    source = walk(tmp_path / f"in{suffix}", range(20), time_base=Fraction(1, 25), codec=codec)
    data = bytearray(source.read_bytes())
    (_, packet) = packets(source, "video")[9]
    at = data.index(packet)
    rest = len(packet) // 3 if damage == "garbled" else 0
    data[at + rest : at + len(packet)] = np.random.default_rng(3).bytes(len(packet) - rest)
    source.write_bytes(data)
    made = run(model, source, tmp_path / "out.mp4", "--factor", 2)
    assert true_times(made) == [20 * index for index in range(40)]
    told = capsys.readouterr().err
    assert "damaged; what could be decoded is kept" in told
    assert "damaged frame" in told


def test_cuts_and_duplicates_are_told(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    steps = [moved(scene(0, 64, 96), SPEED * step) for step in range(4)]
    pictures = [steps[0], steps[0], steps[1], steps[2], scene(9, 64, 96), moved(scene(9, 64, 96), SPEED)]
    source = make_clip(tmp_path / "in.mp4", 64, 96, range(0, 240, 40), pictures=pictures)
    run(model, source, tmp_path / "out.mp4")
    told = capsys.readouterr().err
    assert "note: 1 scene cut: the frame before is held" in told
    assert "note: 1 duplicated frame: replaced by the motion around" in told


def test_only_the_beginning_is_taken_where_that_is_asked_for(model: Path, tmp_path: Path):
    source = walk(tmp_path / "in.mp4", range(0, 2000, 40), sound=True)
    made = run(model, source, tmp_path / "out.mp4", "--frames", 5, "--factor", 2)
    assert true_times(made) == [20 * index for index in range(10)]
    assert max(time for time, _ in packets(made, "audio")) < 0.2


def test_an_odd_size_is_kept(model: Path, tmp_path: Path):
    source = make_clip(tmp_path / "in.mp4", height=45, width=63, pix_fmt="yuv444p")
    assert look(run(model, source, tmp_path / "out.mp4")).size == (45, 63)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("order", ["interpolate then upscale", "upscale then interpolate"])
def test_interpolation_and_upscaling_go_in_one_pass(model: Path, tmp_path: Path, channels: int, order: str):
    double = make_bundle(tmp_path / "x2.plens", channels=channels, graphs={"fp32": nearest_graph(channels)})
    first, second = (model, double) if order.startswith("interpolate") else (double, model)
    source = walk(tmp_path / "in.mp4", range(0, 400, 40), sound=True, colour=(1, 1, 1, 1))
    made = run(first, source, tmp_path / "out.mp4", "--then", second, "--factor", 2)
    before, after = look(source), look(made)
    assert (after.size, after.colour) == ((128, 192), (1, 1, 1, 1))
    assert true_times(made) == [20 * index for index in range(20)]
    assert [data for _, data in packets(made, "audio")] == [data for _, data in packets(source, "audio")]
    for given, found in zip(before.planes, after.planes, strict=True):
        assert abs(given.mean() - found.mean()) < 0.5


def test_upscalers_can_be_chained(tmp_path: Path):
    double = make_bundle(tmp_path / "x2.plens", graphs={"fp32": nearest_graph(1)})
    triple = make_bundle(tmp_path / "x3.plens", scale=3, graphs={"fp32": nearest_graph(1, 3)})
    made = run(double, make_clip(tmp_path / "in.mp4"), tmp_path / "out.mp4", "--then", triple, "--then", double)
    assert look(made).size == (48 * 12, 64 * 12)
