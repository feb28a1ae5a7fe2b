"""What a network camera sent, and what became of it."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from bundles import make_bundle, nearest_graph
from cameras import camera, camera_clip, free_port, url
from interpolators import make_interpolator, moving_graph
from pocketlens.core.errors import BadInput, MachineCannot
from pocketlens.runtime import Frame, Session
from pocketlens.runtime import capture as capturing
from pocketlens.runtime.camera import Live
from pocketlens.runtime.capture import Capture, Status, delays

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
    graphs = {("fp32", "split"): moving_graph(1)}
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
    port = free_port()
    with camera(clip, port), Live(url(port), [session], queue=FRAMES, patience=0.2) as live:
        times = [seconds(frame) for frame in live]
    assert times == sorted(set(times)) and times[0] == 0
    # Sent for 1.4 s, of which the first half is for finding out what is sent.
    assert 0.7 < times[-1] < 30


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
    with Session.open(between, threads=1, factor=3) as session, camera(clip, port):
        with Live(url(port), [session], keep_all=True, patience=0.2) as live:
            made = list(live)
    times = [frame.pts * frame.time_base for frame in made]
    assert len(made) == 3 * (FRAMES - 1) + 1
    assert all(before < after for before, after in zip(times, times[1:], strict=False))


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
def test_a_camera_that_was_killed_is_found_again_and_nothing_leaks(session: Session, between: Path, clip: Path, task: str):
    port, told = free_port(), list[Status]()
    before = held()
    with Session.open(between, threads=1) if task == "interpolate" else session as model:
        with camera(clip, port) as first:
            live = Live(url(port), [model], queue=FRAMES, patience=60, told=told.append)
            frames = iter(live)
            made = [next(frames), next(frames)]
            first.send_signal(signal.SIGKILL)
        with camera(clip, port):
            while live.counts.captured < FRAMES + 1:
                made.append(next(frames))
            live.stop()
            made += frames
        live.close()
    assert [status.state for status in told if status.state != "lost"] == ["live", "ended"]
    assert told[0].state == "lost" and "sends no more frames" in told[0].reason
    times = [frame.pts * frame.time_base for frame in made]
    assert times == sorted(set(times))
    assert held() == before
