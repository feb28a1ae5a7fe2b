"""What a video keeps on its way through a session."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from bundles import make_bundle, nearest_graph
from clips import look, make_clip, packets
from commands import pocketlens

UNEVEN = [1000, 1040, 1130, 1150, 1500, 1501, 2000]
"""Milliseconds: a variable frame rate, and a first frame that is not at zero."""


@pytest.fixture(scope="module")
def luma(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("luma") / "luma.plens", graphs={"fp32": nearest_graph(1)})


def run(bundle: Path, source: Path, target: Path, *options: object) -> Path:
    assert pocketlens("run", bundle, source, "-o", target, "--engine", "onnxruntime", *options) == 0
    return target


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov"])
def test_sound_is_copied_to_the_byte_and_stays_in_time(luma: Path, tmp_path: Path, suffix: str):
    source = make_clip(tmp_path / f"in{suffix}", pts=UNEVEN, sound=True)
    made = run(luma, source, tmp_path / f"out{suffix}")
    before, after = packets(source, "audio"), packets(made, "audio")
    assert [data for _, data in after] == [data for _, data in before]
    assert np.allclose([time for time, _ in after], [time for time, _ in before], atol=1e-3)
    assert np.allclose(look(made).times, look(source).times, atol=1e-3)


def test_subtitles_are_copied(luma: Path, tmp_path: Path):
    source = make_clip(tmp_path / "in.mkv", subtitles=True)
    assert packets(run(luma, source, tmp_path / "out.mkv"), "subtitle") == [(0.1, b"hello")]


def test_the_time_stamps_of_a_variable_frame_rate_are_kept(luma: Path, tmp_path: Path):
    source = make_clip(tmp_path / "in.mp4", pts=UNEVEN)
    assert np.allclose(look(run(luma, source, tmp_path / "out.mp4")).times, np.array(UNEVEN) / 1000, atol=1e-4)


@pytest.mark.parametrize("colour", [(1, 1, 1, 1), (9, 16, 9, 1), (5, 6, 5, 2)], ids=["bt709", "hdr", "full range"])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_colour_tags_are_kept(luma: Path, tmp_path: Path, colour: tuple[int, int, int, int], suffix: str):
    source = make_clip(tmp_path / f"in{suffix}", colour=colour)
    assert look(source).colour == colour
    assert look(run(luma, source, tmp_path / f"out{suffix}")).colour == colour


def test_pixel_shape_and_rotation_are_kept(luma: Path, tmp_path: Path):
    source = make_clip(tmp_path / "in.mp4", aspect=Fraction(4, 3), rotation=90)
    found = look(run(luma, source, tmp_path / "out.mp4"))
    assert (found.aspect, found.rotation, found.size) == (Fraction(4, 3), 90, (96, 128))


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le"])
def test_the_chroma_layout_and_depth_are_kept(luma: Path, tmp_path: Path, pix_fmt: str):
    source = make_clip(tmp_path / "in.mp4", pix_fmt=pix_fmt)
    assert look(run(luma, source, tmp_path / "out.mkv")).pix_fmt == pix_fmt


def test_an_odd_size_comes_out_exact(tmp_path: Path):
    triple = make_bundle(tmp_path / "x3.plens", scale=3, graphs={"fp32": nearest_graph(1, 3)})
    source = make_clip(tmp_path / "in.mp4", height=45, width=63, pix_fmt="yuv444p")
    found = look(run(triple, source, tmp_path / "out.mp4"))
    assert (found.size, found.pix_fmt) == ((135, 189), "yuv444p")


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("colour", [(1, 1, 1, 1), (5, 6, 5, 2)], ids=["bt709 limited", "bt601 full"])
def test_colours_come_out_as_they_went_in(tmp_path: Path, channels: int, colour: tuple[int, int, int, int]):
    bundle = make_bundle(tmp_path / "b.plens", channels=channels, graphs={"fp32": nearest_graph(channels)})
    source = make_clip(tmp_path / "in.mp4", colour=colour)
    before, after = look(source), look(run(bundle, source, tmp_path / "out.mp4"))
    for small, large in zip(before.planes, after.planes, strict=True):
        assert abs(small.mean() - large.mean()) < 0.5
    assert after.colour == colour


@pytest.mark.parametrize(
    ("options", "count"), [(("--frames", 4), 4), (("--seconds", 0.2), 5), (("--frames", 9, "--seconds", 0.1), 3)]
)
def test_a_limit_takes_the_beginning_of_picture_and_sound(
    luma: Path, tmp_path: Path, options: tuple[object, ...], count: int
):
    source = make_clip(tmp_path / "in.mp4", pts=range(0, 2000, 40), sound=True)
    made = run(luma, source, tmp_path / "out.mp4", *options)
    assert len(look(made).times) == count
    assert max(time for time, _ in packets(made, "audio")) < 0.04 * count


def test_a_webm_is_written_as_vp9(luma: Path, tmp_path: Path):
    made = run(luma, make_clip(tmp_path / "in.mp4"), tmp_path / "out.webm")
    assert look(made).size == (96, 128)


def test_pictures_in_rgb_are_stored_without_loss_of_colour_resolution(luma: Path, tmp_path: Path):
    source = make_clip(tmp_path / "in.mkv", codec="ffv1", pix_fmt="bgr0")
    found = look(run(luma, source, tmp_path / "out.mkv"))
    assert (found.pix_fmt, found.colour[2:]) == ("yuv444p", (1, 1))
    assert np.abs(found.bgr - look(source).bgr).max() < 1


def test_damage_in_the_middle_is_told_and_the_rest_is_done(
    luma: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    source = make_clip(tmp_path / "in.mp4", pts=range(0, 2000, 40), sound=True)
    data = bytearray(source.read_bytes())
    at = data.index(b"mdat") + 4000
    data[at : at + 2000] = bytes(2000)
    source.write_bytes(data)
    made = run(luma, source, tmp_path / "out.mp4")
    assert "damaged" in capsys.readouterr().err
    assert look(made).times[-1] == pytest.approx(1.96)


def test_a_video_that_breaks_off_is_told_and_done_as_far_as_it_goes(
    luma: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    source = make_clip(tmp_path / "in.mkv", pts=range(0, 4000, 40), sound=True)
    source.write_bytes(source.read_bytes()[: source.stat().st_size // 3])
    made = run(luma, source, tmp_path / "out.mp4")
    assert "breaks off at" in capsys.readouterr().err
    assert 0.4 < look(made).times[-1] < 3
