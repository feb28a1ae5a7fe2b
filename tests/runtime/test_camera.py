"""What a network camera sent, and what became of it."""

from __future__ import annotations

import gc
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import pairwise
from pathlib import Path

import pytest
from bundles import make_bundle, nearest_graph
from cameras import camera, camera_clip, free_port, url
from interpolators import make_interpolator, moving_graph
from pocketlens.core.errors import BadInput
from pocketlens.runtime import Frame, Session
from pocketlens.runtime.camera import Live
from pocketlens.runtime.capture import Status

FRAMES = 15


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return camera_clip(tmp_path_factory.mktemp("clip") / "seen.mkv", FRAMES)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    bundle = make_bundle(tmp_path_factory.mktemp("bundle") / "luma.plens", graphs={"fp32": nearest_graph(1)})
    with Session.open(bundle, engine="onnxruntime", threads=1) as opened:
        yield opened


@pytest.fixture(scope="module")
def between(tmp_path_factory: pytest.TempPathFactory) -> Path:
    graphs = {("fp32", "motion"): moving_graph(1)}
    return make_interpolator(tmp_path_factory.mktemp("bundle") / "between.plens", graphs)


class Slow:
    """A session that waits before each frame, for the counters and the governor to see."""

    def __init__(self, session: Session, seconds: float) -> None:
        self._session, self._seconds = session, seconds

    def __getattr__(self, name: str) -> object:
        return getattr(self._session, name)

    def process(self, frame: Frame) -> Iterator[Frame]:
        time.sleep(self._seconds)
        return self._session.process(frame)


def held() -> tuple[int, int]:
    """Threads and open files of this process."""
    gc.collect()  # of other tests
    return threading.active_count(), len(os.listdir("/proc/self/fd"))  # noqa: PTH208  # a path would be opened too


def seconds(frame: Frame) -> float:
    return float(frame.pts * frame.time_base)


def test_every_frame_that_was_sent_is_counted_and_comes_out_enlarged(session: Session, clip: Path):
    port = free_port()
    with camera(clip, port), Live(url(port), [session], keep_all=True, patience=0.2) as live:
        made = list(live)
    assert (live.counts.captured, live.counts.processed, live.counts.dropped) == (FRAMES, FRAMES, 0)
    assert {frame.size for frame in made} == {(96, 128)} and len(made) == FRAMES


def test_frames_are_stamped_by_when_they_came(session: Session, clip: Path):
    port, started = free_port(), time.monotonic()
    with camera(clip, port) as process, Live(url(port), [session], queue=FRAMES, patience=0.2) as live:
        frames = iter(live)
        made = [next(frames)]
        process.send_signal(signal.SIGSTOP)
        came = -1
        while came != live.counts.captured:
            came = live.counts.captured
            time.sleep(0.5)
        process.send_signal(signal.SIGCONT)
        times = [seconds(frame) for frame in (*made, *frames)]
    assert times == sorted(set(times)) and times[0] == 0
    assert times[came] - times[came - 1] > 0.4
    assert times[-1] < time.monotonic() - started


def test_where_the_model_is_slower_the_newest_frame_wins_and_the_others_are_counted(session: Session, clip: Path):
    port = free_port()
    with camera(clip, port), Live(url(port), [Slow(session, 0.4)], budget_ms=100, patience=0.2) as live:  # type: ignore[list-item]
        made = list(live)
    counts = live.counts
    assert counts.captured == FRAMES and counts.processed == len(made) < FRAMES
    assert counts.dropped == FRAMES - len(made) and counts.late == len(made)


def test_the_governor_takes_the_model_that_keeps_up(session: Session, clip: Path):
    port = free_port()
    ladder = [Slow(session, 0.3), session]
    with camera(clip, port), Live(url(port), ladder, budget_ms=250, keep_all=True, patience=0.2) as live:  # type: ignore[arg-type]
        assert len(list(live)) == FRAMES
    (step,) = live.governor.steps
    assert (step.frame, step.before, step.level) == (5, 0, 1)
    assert any("so model 2" in note for note in live.notes)


def test_a_stream_is_interpolated(between: Path, clip: Path):
    port = free_port()
    with (
        Session.open(between, threads=1, factor=3) as session,
        camera(clip, port),
        Live(url(port), [session], keep_all=True, patience=0.2) as live,
    ):
        made = list(live)
    times = [frame.pts * frame.time_base for frame in made]
    assert len(made) == 3 * (FRAMES - 1) + 1
    assert all(before < after for before, after in pairwise(times))


def test_an_interpolator_that_takes_over_leaves_no_gap(between: Path, clip: Path):
    port = free_port()
    with (
        Session.open(between, threads=1, factor=2) as slow,
        Session.open(between, threads=1, factor=2) as fast,
        camera(clip, port),
        Live(url(port), [Slow(slow, 0.3), fast], budget_ms=250, keep_all=True, patience=0.2) as live,  # type: ignore[list-item]
    ):
        assert len(list(live)) == 2 * (FRAMES - 1) + 1
    assert len(live.governor.steps) == 1


@pytest.mark.parametrize("task", ["upscale", "interpolate"])
def test_a_camera_that_was_killed_is_found_again_and_nothing_leaks(
    session: Session, between: Path, clip: Path, task: str
):
    port, told = free_port(), list[Status]()
    before = held()
    with nullcontext(session) if task == "upscale" else Session.open(between, threads=1) as model:
        with camera(clip, port) as first:
            live = Live(url(port), [model], queue=FRAMES, patience=60, told=told.append)
            frames = iter(live)
            made = [next(frames), next(frames)]
            first.kill()
        with camera(clip, port):
            while "live" not in [status.state for status in told]:
                made.append(next(frames))
            live.stop()
            made += frames
        live.close()
    assert [status.state for status in told if status.state != "lost"] == ["live", "stopped"]
    assert told[0] == Status("lost", f"{url(port)} sends no more frames")
    assert "times that the camera was lost and found again: 1" in live.notes
    times = [frame.pts * frame.time_base for frame in made]
    assert times == sorted(set(times))
    assert live.counts.captured == live.counts.processed + live.counts.dropped
    assert held() == before


def test_only_the_beginning_is_taken(session: Session, clip: Path):
    port, before = free_port(), held()
    with camera(clip, port), Live(url(port), [session], queue=FRAMES, frames=4) as live:
        assert len(list(live)) == live.counts.processed == 4
    with camera(clip, port), Live(url(port), [session], queue=FRAMES, seconds=0.35) as live:
        assert all(seconds(frame) < 0.35 for frame in live)
    assert live.counts.captured == live.counts.processed + live.counts.dropped
    assert held() == before


def test_a_loop_that_is_left_lets_go_of_the_camera(session: Session, clip: Path):
    port, before = free_port(), held()
    with camera(clip, port), Live(url(port), [session]) as live:
        for _ in live:
            break
        assert live.status == Status("stopped")
        assert held()[0] == before[0]
    assert held() == before


def test_a_session_can_serve_one_stream_after_the_other(between: Path, clip: Path):
    port = free_port()
    with Session.open(between, threads=1) as session:
        for _ in range(2):
            with camera(clip, port), Live(url(port), [session], queue=FRAMES) as live:
                assert seconds(next(iter(live))) == 0


def test_an_error_of_the_model_comes_up_and_nothing_leaks(session: Session, clip: Path):
    port, before = free_port(), held()
    with pytest.raises(TypeError), camera(clip, port), Live(url(port), [Slow(session, "a while")]) as live:  # type: ignore[arg-type]
        list(live)
    assert held() == before


def test_a_ladder_makes_frames_of_one_size(session: Session, clip: Path, tmp_path: Path):
    bundle = make_bundle(tmp_path / "x3.plens", scale=3, graphs={"fp32": nearest_graph(1, 3)})
    port = free_port()
    with Session.open(bundle, engine="onnxruntime", threads=1) as other:
        before = held()
        with camera(clip, port), pytest.raises(BadInput, match="must make the same size and rate"):
            Live(url(port), [session, other])
        assert held() == before


@pytest.mark.long
def test_a_minute_of_a_camera_that_dies_halfway_is_counted_to_the_frame(session: Session, tmp_path: Path):
    port, half, before = free_port(), camera_clip(tmp_path / "half.mkv", 300), held()
    with camera(half, port) as first, Live(url(port), [session], keep_all=True, patience=60) as live:
        frames = iter(live)
        made = [next(frames) for _ in range(300)]
        first.wait(60)
        with camera(half, port):
            made += [next(frames) for _ in range(300)]
        live.stop()
        made += frames
    assert len(made) == live.counts.captured == live.counts.processed == 600
    assert live.counts.dropped == 0
    assert held() == before
