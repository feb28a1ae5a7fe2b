"""Frames spread over a video file, decoded with PyAV: single ones, or three in a row."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ..core.errors import BadInput
from ..core.triplet import Triplet
from .candidates import Candidate, Source

_ROW = 3
"""Frames that make a triplet."""


def open_clip(path: Path, frames: int) -> Source[np.ndarray]:
    """A source of at most `frames` frames, evenly spread from the start of the clip to its end.

    A long clip offers key frames only: they are cheap to reach, and hold no motion-compensated
    residue. Raises BadInput for a file that is no video, or holds no frame.
    """
    found = _survey(path)
    keys_only = len(found.keys) >= frames
    wanted = _spread(len(found.keys) if keys_only else found.packets, frames)
    return Source(path.name, len(wanted), lambda: _decode(path, frozenset(wanted), keys_only))


def open_film(path: Path, triplets: int) -> Source[Triplet]:
    """A source of at most `triplets` times three frames in a row, evenly spread over the clip.

    In a long clip each starts at a key frame, which can be sought. Raises BadInput for a file that is no video,
    and for one of fewer than three frames.
    """
    found = _survey(path)
    if found.packets < _ROW:
        raise BadInput(f"{path} holds {found.packets} frames; {_ROW} in a row are needed to tell motion")
    if len(found.keys) >= triplets:
        starts = [found.keys[index] for index in _spread(len(found.keys), triplets)]
        return Source(path.name, len(starts), lambda: _sought(path, starts))
    wanted = _spread(found.packets - _ROW + 1, triplets)
    return Source(path.name, len(wanted), lambda: _in_a_row(path, frozenset(wanted)))


@dataclass(frozen=True)
class _Survey:
    packets: int
    keys: list[int]
    """When the key frames are shown, in ticks of the stream; those that do not tell are left out."""


def _survey(path: Path) -> _Survey:
    """What is in a clip, told without decoding."""
    with _opened(path) as (container, stream):
        packets = [(packet.is_keyframe, packet.pts) for packet in container.demux(stream) if packet.size]
    if not packets:
        raise BadInput(f"{path} holds no frames")
    return _Survey(len(packets), [pts for is_key, pts in packets if is_key and pts is not None])


def _spread(total: int, count: int) -> list[int]:
    """At most `count` of the numbers below `total`, evenly apart."""
    return sorted({int((step + 0.5) * total / count) for step in range(count)})


@contextmanager
def _opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise BadInput(f"{path} holds no video")
            yield container, container.streams.video[0]
    except FFmpegError as error:
        raise BadInput(f"{path} is not a video that can be decoded; it may be cut short or damaged") from error


def _decode(path: Path, wanted: frozenset[int], keys_only: bool) -> Iterator[Candidate[np.ndarray]]:
    with _opened(path) as (container, stream):
        stream.thread_type = "AUTO"
        stream.codec_context.skip_frame = "NONKEY" if keys_only else "DEFAULT"
        for index, frame in enumerate(container.decode(stream)):
            if index in wanted:
                yield Candidate(f"{path.name}#{index:04d}", partial(_picture, frame))


def _in_a_row(path: Path, wanted: frozenset[int]) -> Iterator[Candidate[Triplet]]:
    """Three frames from each of the places, counted from the start."""
    with _opened(path) as (container, stream):
        stream.thread_type = "AUTO"
        row: deque[VideoFrame] = deque(maxlen=_ROW)
        for index, frame in enumerate(container.decode(stream), start=1 - _ROW):
            row.append(frame)
            if index in wanted:
                yield _candidate(f"{path.name}#{index:04d}", tuple(row))


def _sought(path: Path, starts: Sequence[int]) -> Iterator[Candidate[Triplet]]:
    """Three frames from each of the times, of key frames."""
    with _opened(path) as (container, stream):
        stream.thread_type = "AUTO"
        for start in starts:
            container.seek(start, stream=stream)
            # Where groups of pictures are open, frames that are shown before the key frame come after it.
            later = (frame for frame in container.decode(stream) if frame.pts is not None and frame.pts >= start)
            row = tuple(islice(later, _ROW))
            if len(row) == _ROW:
                yield _candidate(f"{path.name}@{start}", row)


def _candidate(name: str, row: Sequence[VideoFrame]) -> Candidate[Triplet]:
    return Candidate(name, partial(_triplet, name, row))


def _triplet(name: str, row: Sequence[VideoFrame]) -> Triplet:
    before, truth, after = (_picture(frame) for frame in row)
    return Triplet(name, before, truth, after, _moment(*(frame.pts for frame in row)))


def _moment(first: int | None, middle: int | None, last: int | None) -> float:
    """Where the middle frame lies between the others; half way if their times do not tell."""
    if first is None or middle is None or last is None or not first < middle < last:
        return 0.5
    return (middle - first) / (last - first)


def _picture(frame: VideoFrame) -> np.ndarray:
    return frame.to_ndarray(format="bgr24")
