"""An engine that fails in the middle of the work gives way to the next, and no frame is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundles import make_bundle, upscaler_graph
from cameras import camera, camera_clip, free_port, url
from clips import look, make_clip
from commands import pocketlens
from interpolators import fading_graph, make_interpolator, moving_graph
from pocketlens.core.catalog import ENGINES
from pocketlens.core.errors import MachineCannot
from pocketlens.runtime import Session, api, choose
from pocketlens.runtime.camera import Live
from pocketlens.runtime.chain import Chain
from pocketlens.runtime.engine import Arrays, Engine
from pocketlens.runtime.view import as_frame
from scenes import moved, scene

FRAMES = [moved(scene(3, 20, 28), 2 * step, step) for step in range(6)]
Break = Callable[..., None]


class Flaky:
    """A program that fails for good after some runs, and at the end is closed."""

    open = 0

    def __init__(self, program: Any, runs: int) -> None:
        self._program, self._left, self.notes = program, runs, program.notes
        Flaky.open += 1

    def run(self, feeds: Arrays, out: Arrays | None = None) -> Arrays:
        self._left -= 1
        if self._left < 0:
            for array in (out or {}).values():
                array[...] = 7
            raise MachineCannot("the device was lost")
        return self._program.run(feeds, out)

    def close(self) -> None:
        Flaky.open -= 1
        self._program.close()


@pytest.fixture
def breaks(monkeypatch: pytest.MonkeyPatch) -> Break:
    """Let engines fail after some runs, the trial run on opening not counted."""
    working: dict[str, Engine] = dict(ENGINES.items())

    def install(**runs: int) -> None:
        broken = {
            name: replace(
                working[name], load=lambda *given, name=name: Flaky(working[name].load(*given), 1 + runs[name])
            )
            for name in runs
        }
        monkeypatch.setattr(choose.ENGINES, "get", lambda name: {**working, **broken}[name])

    return install


@pytest.fixture
def upscaler(tmp_path: Path) -> Path:
    """OpenVINO takes the int8 graph and onnxruntime the fp32 one, and they are not alike."""
    return make_bundle(tmp_path / "u.plens", graphs={"fp32": upscaler_graph(), "int8": upscaler_graph(seed=1)})


@pytest.fixture
def interpolator(tmp_path: Path) -> Path:
    """The same: what moves by 2 pixels for OpenVINO moves by 6 for onnxruntime."""
    graphs = {("fp32", "motion"): moving_graph(6), ("int8", "motion"): moving_graph(2)}
    return make_interpolator(tmp_path / "i.plens", graphs, align=4)


def upscaled(bundle: Path, **options: Any) -> list[np.ndarray]:
    with Session.open(bundle, threads=1, **options) as session:
        return [session.upscale(frame) for frame in FRAMES]


def film(bundle: Path, **options: Any) -> list[tuple[int, np.ndarray]]:
    with Session.open(bundle, threads=1, **options) as session:
        frames = [as_frame(frame, pts) for pts, frame in enumerate(FRAMES)]
        made = [one for frame in frames for one in session.process(frame)] + list(session.flush())
    return [(frame.pts, frame.planes[0]) for frame in made]


@pytest.mark.parametrize("tile", [None, 8], ids=["whole", "tiles"])
@pytest.mark.parametrize("last", range(len(FRAMES) + 1))
def test_from_the_frame_that_failed_on_it_is_the_other_engines_picture(
    upscaler: Path, breaks: Break, last: int, tile: int | None
):
    first, second = (
        upscaled(upscaler, engine="openvino", tile=tile),
        upscaled(upscaler, engine="onnxruntime", tile=tile),
    )
    assert all(np.any(one != other) for one, other in zip(first, second, strict=True))
    # A frame of 20x28 is cut to 12 tiles; it fails in the middle of them.
    breaks(openvino=last if tile is None else 12 * last + 5)
    made = upscaled(upscaler, tile=tile)
    for index, (picture, one, other) in enumerate(zip(made, first, second, strict=True)):
        np.testing.assert_array_equal(picture, one if index < last else other)


@pytest.mark.parametrize("last", [0, 2])
def test_planes_go_on_in_bytes_whether_or_not_the_next_engine_takes_them(upscaler: Path, breaks: Break, last: int):
    planes = [np.random.default_rng(seed).integers(0, 256, (12, 18), np.uint8) for seed in range(4)]

    def luma(**options: Any) -> list[np.ndarray]:
        with Session.open(upscaler, threads=1, **options) as session:
            return [session.network(plane[None])[0] for plane in planes]

    first, second = luma(engine="openvino"), luma(engine="onnxruntime")
    breaks(openvino=last)
    for index, (made, one, other) in enumerate(zip(luma(), first, second, strict=True)):
        assert made.dtype == np.uint8
        np.testing.assert_array_equal(made, one if index < last else other)


@pytest.mark.parametrize("last", range(6))
def test_a_film_goes_on_with_every_frame_in_its_place(interpolator: Path, breaks: Break, last: int):
    first, second = film(interpolator, engine="openvino"), film(interpolator, engine="onnxruntime")
    breaks(openvino=last)
    made = film(interpolator)
    assert [pts for pts, _ in made] == [pts for pts, _ in first]
    between = 0
    for (_, picture), (_, one), (_, other) in zip(made, first, second, strict=True):
        made_up = bool(np.any(one != other))
        np.testing.assert_array_equal(picture, one if between < last else other)
        between += made_up
    assert between == len(FRAMES) - 1


@pytest.mark.parametrize("last", range(3))
def test_frames_that_were_read_in_bytes_are_read_as_floats_by_the_next_engine(tmp_path: Path, breaks: Break, last: int):
    fading = make_interpolator(tmp_path / "f.plens", {("fp32", "float"): fading_graph()}, align=4)
    wanted = film(fading, engine="onnxruntime")
    assert np.std(wanted[1][1]) > 5 and np.any(wanted[1][1] != wanted[0][1])
    breaks(openvino=last)
    for (_, picture), (_, faded) in zip(film(fading), wanted, strict=True):
        np.testing.assert_allclose(picture.astype(int), faded, atol=1)


def test_it_is_told_once_and_the_session_says_what_runs_now(upscaler: Path, breaks: Break):
    breaks(openvino=2)
    with Session.open(upscaler) as session:
        assert (session.engine, session.precision, session.notes) == ("openvino", "int8", ())
        for frame in FRAMES:
            session.upscale(frame)
        assert (session.engine, session.precision) == ("onnxruntime", "fp32")
        assert session.notes == ("openvino int8: the device was lost; onnxruntime fp32 goes on",)
        assert Flaky.open == 0, "what failed is closed"


@pytest.mark.parametrize("named", [{"engine": "openvino"}, {"engine": "openvino", "precision": "int8"}])
def test_a_named_engine_is_kept_to(upscaler: Path, breaks: Break, named: dict[str, Any]):
    breaks(openvino=1)
    with Session.open(upscaler, **named) as session:
        session.upscale(FRAMES[0])
        for _ in range(2):
            with pytest.raises(MachineCannot, match=r"^openvino int8: the device was lost$"):
                session.upscale(FRAMES[1])
        assert session.engine == "openvino"


def test_when_all_have_failed_one_line_has_every_reason(upscaler: Path, breaks: Break):
    breaks(openvino=1, onnxruntime=1)
    with Session.open(upscaler) as session:
        session.upscale(FRAMES[0])
        session.upscale(FRAMES[1])
        for _ in range(2):
            with pytest.raises(MachineCannot) as raised:
                session.upscale(FRAMES[2])
            told = "openvino int8: the device was lost; onnxruntime fp32 goes on; onnxruntime fp32: the device was lost"
            assert str(raised.value) == told
    assert Flaky.open == 0


def test_the_next_is_passed_over_where_it_cannot_load(upscaler: Path, breaks: Break):
    breaks(openvino=0, onnxruntime=-1)
    with Session.open(upscaler) as session, pytest.raises(MachineCannot, match=r"openvino int8: the device was lost$"):
        session.upscale(FRAMES[0])


def test_a_chain_tells_of_each_of_its_models(upscaler: Path, interpolator: Path, breaks: Break):
    breaks(openvino=2)
    with Chain.open([interpolator, upscaler], threads=1) as chain:
        made = [one for pts, frame in enumerate(FRAMES) for one in chain.process(as_frame(frame, pts))]
        made += chain.flush()
        assert len(made) == 2 * len(FRAMES) - 1
        assert {frame.size for frame in made} == {(40, 56)}
        assert len(chain.notes) == 1 and "goes on" in chain.notes[0], "both say the same"


def test_a_camera_loses_no_frame_by_it(upscaler: Path, breaks: Break, tmp_path: Path):
    breaks(openvino=3)
    port = free_port()
    with camera(camera_clip(tmp_path / "camera.mkv", 8), port), Session.open(upscaler, threads=1) as session:
        with Live(url(port), [session], keep_all=True, patience=0) as live:
            made = list(live)
        assert len(made) == live.counts.processed == live.counts.captured == 8
        assert {frame.size for frame in made} == {(96, 128)}
        assert [note for note in live.notes if "goes on" in note] == [
            "openvino int8: the device was lost; onnxruntime fp32 goes on"
        ]


def test_the_flat_surface_answers_ok_and_tells_by_a_key(upscaler: Path, breaks: Break):
    breaks(openvino=1)
    _, handle = api.create(str(upscaler), {"threads": 1})
    assert api.load(handle) == api.Status.OK
    assert api.get_str(handle, "notes") == (api.Status.OK, "")
    out = api.Descriptor(bytearray(40 * 56 * 3), api.PixelFormat.BGR24, 56, 40)
    for pts, frame in enumerate(FRAMES):
        assert api.push(handle, api.describe(frame, api.PixelFormat.BGR24, pts=pts)) == api.Status.OK
        assert api.pull(handle, out) == api.Status.OK
        assert out.pts == pts
    assert api.get_str(handle, "engine") == (api.Status.OK, "onnxruntime")
    assert api.get_str(handle, "notes")[1] == "openvino int8: the device was lost; onnxruntime fp32 goes on"
    assert api.last_error(handle) == ""
    api.destroy(handle)


def test_a_video_is_whole_and_the_note_is_printed_once(
    upscaler: Path, breaks: Break, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    breaks(openvino=4)
    source, target = make_clip(tmp_path / "a.mp4"), tmp_path / "b.mp4"
    assert pocketlens("run", upscaler, source, "-o", target, "--threads", 1) == 0
    assert capsys.readouterr().err.count("goes on") == 1
    assert look(target).times == look(source).times
    assert look(target).size == (96, 128)
