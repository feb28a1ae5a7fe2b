"""Frames spread over a video file, decoded with PyAV."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from ..core.errors import BadInput
from .candidates import Candidate, Source


def open_clip(path: Path, frames: int) -> Source:
    """A source of at most `frames` frames, evenly spread from the start of the clip to its end.

    A long clip offers key frames only: they are cheap to reach, and hold no motion-compensated
    residue. Raises BadInput for a file that is no video, or holds no frame.
    """
    packets, keys = _survey(path)
    if not packets:
        raise BadInput(f"{path} holds no frames")
    keys_only = keys >= frames
    total = keys if keys_only else packets
    wanted = frozenset(int((step + 0.5) * total / frames) for step in range(frames))
    return Source(path.name, len(wanted), lambda: _decode(path, wanted, keys_only))


@contextmanager
def _opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise BadInput(f"{path} holds no video")
            yield container, container.streams.video[0]
    except FFmpegError as error:
        raise BadInput(f"{path} is not a video that can be decoded; it may be cut short or damaged") from error


def _survey(path: Path) -> tuple[int, int]:
    """The packets of the clip and the key frames among them, counted without decoding."""
    with _opened(path) as (container, stream):
        keys = [packet.is_keyframe for packet in container.demux(stream) if packet.size]
    return len(keys), sum(keys)


def _decode(path: Path, wanted: frozenset[int], keys_only: bool) -> Iterator[Candidate]:
    with _opened(path) as (container, stream):
        stream.thread_type = "AUTO"
        stream.codec_context.skip_frame = "NONKEY" if keys_only else "DEFAULT"
        for index, frame in enumerate(container.decode(stream)):
            if index in wanted:
                yield Candidate(f"{path.name}#{index:04d}", partial(frame.to_ndarray, format="bgr24"))
