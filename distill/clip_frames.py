"""The frames of a video file, scaled down until its compression no longer shows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition
from av.video.stream import VideoStream

from ..core.errors import BadInput

LONGEST, SHRINK, SHORTEST = 448, 1.5, 200
"""A frame is shrunk to this longest side and by this much, unless its shorter side would fall below the last."""


@dataclass(frozen=True)
class Taken:
    """One frame as it is kept."""

    bgr: np.ndarray
    """uint8 (h, w, 3)."""
    seconds: float
    """When it is shown."""
    run: int
    """Frames of equal number follow on each other, with nothing broken or lost between them."""


def frames_of(path: Path) -> Iterator[Taken]:
    """The sound frames of a video, in order. Raises BadInput for a file that is no video."""
    with _opened(path) as (container, stream):
        yield from _taken(container, stream)


def count(path: Path) -> int | None:
    """About how many frames a video has, where it says so. Raises BadInput for a file that is no video."""
    with _opened(path) as (_container, stream):
        return stream.frames or None


@contextmanager
def _opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    try:
        container = av.open(str(path))
    except (FFmpegError, OSError) as error:
        raise BadInput(f"{path} is not a video that can be read: {error.strerror}") from error
    with container:
        pictures = [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]
        if not pictures:
            raise BadInput(f"{path} holds no video")
        yield container, pictures[0]


def _taken(container: InputContainer, stream: VideoStream) -> Iterator[Taken]:
    stream.thread_type = "AUTO"  # type: ignore[assignment]  # PyAV takes the name
    step = float(1 / (stream.average_rate or stream.guessed_rate or Fraction(25)))
    run, last, size, damaged = 0, -math.inf, None, False
    for frame in _decoded(container, stream):
        # What is predicted from a damaged picture is damaged, until a key frame.
        damaged = frame is None or frame.is_corrupt or (damaged and not frame.key_frame)
        seconds = frame.time if frame and frame.time is not None else max(last + step, 0.0)
        if frame is None or damaged or seconds <= last or (size and size != (frame.height, frame.width)):
            run += 1
            continue
        last, size = seconds, (frame.height, frame.width)
        yield Taken(_shrunk(_bgr(frame)), seconds, run)


def _decoded(container: InputContainer, stream: VideoStream) -> Iterator[av.VideoFrame | None]:
    """Frames, and None where something could not be decoded."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
            if packet is None:
                return
            if packet.is_corrupt:
                yield None
            yield from packet.decode()  # type: ignore[misc]  # a video stream's packets hold pictures
        except FFmpegError:
            # A file that breaks off ends the packets too, so the next turn is the last.
            yield None


def _bgr(frame: av.VideoFrame) -> np.ndarray:
    from ..runtime.decode import EXACT

    return frame.reformat(format="bgr24", interpolation=EXACT).to_ndarray()


def _shrunk(bgr: np.ndarray) -> np.ndarray:
    height, width = bgr.shape[:2]
    factor = min(max(max(height, width) / LONGEST, SHRINK), min(height, width) / SHORTEST)
    if factor < 1.1:
        return bgr
    return cv2.resize(bgr, (round(width / factor), round(height / factor)), interpolation=cv2.INTER_AREA)
