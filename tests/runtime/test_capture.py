"""Cameras that cannot be opened, that fall silent, and that never come back."""

from __future__ import annotations

import http.server
import signal
import threading
import time
from collections.abc import Iterator
from functools import partial
from itertools import islice, pairwise
from pathlib import Path

import pytest
from cameras import camera, camera_clip, free_port, url
from clips import make_clip
from pocketlens.core.errors import BadInput, MachineCannot
from pocketlens.runtime import capture as capturing
from pocketlens.runtime.capture import Capture, Status, delays, is_camera
from pocketlens.runtime.frame import BGR


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return camera_clip(tmp_path_factory.mktemp("clip") / "seen.mkv", 15)


@pytest.mark.parametrize("name", ["camera:0", "camera:12", "http://door/video", "RTSP://door:554/1", "udp://@:1234"])
def test_devices_and_urls_are_cameras(name: str):
    assert is_camera(name)


@pytest.mark.parametrize("name", ["holiday.mp4", "photos/", "file:///holiday.mp4", "C:/holiday.mp4", "a/camera:0"])
def test_files_are_none(name: str):
    assert not is_camera(name)


def test_tries_to_find_a_camera_become_rarer_up_to_a_limit():
    waits = list(islice(delays(), 10))
    assert all(later in (2 * sooner, 8.0) for sooner, later in pairwise(waits))
    assert waits[0] == 0.5 and waits[-1] == 8.0


def test_a_camera_that_nobody_serves_is_refused_at_once():
    with pytest.raises(BadInput, match=r"cannot open the camera http://127.0.0.1:\d+/camera.mjpg: Connection refused"):
        Capture(url(free_port()), [BGR])


def test_a_login_in_a_url_is_not_told():
    address = url(free_port()).replace("://", "://user:p@ss@")
    with pytest.raises(BadInput, match=r"^cannot open the camera http://127\.0\.0\.1:\d+/camera\.mjpg: [^@]*$"):
        Capture(address, [BGR])


def test_a_device_that_is_not_here_is_named():
    with pytest.raises(MachineCannot, match=r"this machine has no camera:63, which is Linux's /dev/video63"):
        Capture("camera:63", [BGR])


def test_a_device_without_a_number_is_refused():
    with pytest.raises(BadInput, match="no such camera: camera:front; name the first one camera:0"):
        Capture("camera:front", [BGR])


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """The URL of a server of the test's folder."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_a_file_on_a_server_is_no_camera(web: str, tmp_path: Path):
    make_clip(tmp_path / "film.mp4")
    with pytest.raises(BadInput, match="is a file, not a camera; download it"):
        Capture(f"{web}/film.mp4", [BGR])


def test_a_camera_that_falls_silent_is_lost(clip: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(capturing, "_SILENCE", 0.5)
    port, told = free_port(), list[Status]()
    with camera(clip, port) as process, Capture(url(port), [BGR], patience=0.3, told=told.append) as capture:
        frames = iter(capture)
        next(frames)
        process.send_signal(signal.SIGSTOP)
        assert len(list(frames)) < 14
    assert [status.state for status in told][-1] == "ended"
    assert told[0].state == "lost" and "sends no more frames" in told[0].reason


def test_a_camera_that_is_gone_for_good_ends_the_frames_and_says_why(clip: Path):
    port, told = free_port(), list[Status]()
    with camera(clip, port) as process:
        capture = Capture(url(port), [BGR], patience=0.8, told=told.append)
        frames = iter(capture)
        next(frames)
        process.kill()
        list(frames)
    capture.close()
    assert capture.status == told[-1]
    assert told[-1].state == "ended"
    assert told[-1].reason.endswith("Connection refused; gave up after 0.8 s")


def test_a_wait_for_a_lost_camera_can_be_stopped(clip: Path):
    port, told = free_port(), list[Status]()
    with camera(clip, port) as process:
        capture = Capture(url(port), [BGR], patience=1e6, told=told.append)
        looking = threading.Thread(target=list, args=(capture,))
        looking.start()
        process.kill()
    while not told:
        time.sleep(0.01)
    capture.stop()
    looking.join(30)
    assert not looking.is_alive() and told[-1] == Status("stopped")
    capture.close()


def test_a_camera_that_comes_back_larger_is_scaled_to_what_it_was(clip: Path, tmp_path: Path):
    large = make_clip(tmp_path / "large.mkv", 96, 128, range(0, 1000, 100), codec="mjpeg", pix_fmt="yuvj420p")
    port = free_port()
    with camera(clip, port) as process:
        capture = Capture(url(port), [BGR], patience=60)
        frames = iter(capture)
        next(frames)
        process.kill()
    with camera(large, port):
        last = next(item for item in frames if item.connection)
    assert last.frame.size == (48, 64)
    capture.close()
