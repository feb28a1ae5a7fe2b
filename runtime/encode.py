"""Frames and passed-through packets -> a video file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType

import av
import numpy as np
from av.error import FFmpegError
from av.stream import Stream

from ..core.errors import BadInput
from .decode import EXACT, Facts, Reader
from .frame import BGR, Frame, Layout


@dataclass(frozen=True)
class _Container:
    """How a kind of file is written."""

    muxer: str
    codec: str
    options: Mapping[str, str]


_X264 = {"preset": "veryfast", "crf": "18"}
_VP9 = {"deadline": "realtime", "cpu-used": "6", "row-mt": "1", "crf": "24", "b": "0"}
_CONTAINERS = {
    ".mp4": _Container("mp4", "libx264", _X264),
    ".mov": _Container("mov", "libx264", _X264),
    ".mkv": _Container("matroska", "libx264", _X264),
    ".webm": _Container("webm", "libvpx-vp9", _VP9),
}
SUFFIXES = frozenset(_CONTAINERS)
"""What the names of videos that can be written end with."""
_OF_THE_FILE = frozenset({"major_brand", "minor_version", "compatible_brands", "encoder"})
"""Metadata that says how the input was written, which is not how the output is."""


def container_for(path: Path) -> _Container:
    """How to write the file that `path` names; BadInput for a suffix that cannot be written."""
    if path.suffix.lower() not in _CONTAINERS:
        raise BadInput(f"cannot write a video as '{path.name}'; name it {', '.join(_CONTAINERS)}")
    return _CONTAINERS[path.suffix.lower()]


@contextmanager
def writing(target: Path) -> Iterator[None]:
    """FFmpeg's errors of writing as BadInput; those of the disk are OSErrors too, and `whole` knows them."""
    try:
        yield
    except FFmpegError as error:
        raise BadInput(f"cannot write {target}: {error.strerror}") from error


class Writer:
    """A video being written, of these `facts`; sound and all else as in the one that `like` reads.

    A context manager: leaving it without an error finishes the file. Raises BadInput where the kind of
    file cannot hold a stream of the input, OSError where the disk cannot.
    """

    def __init__(self, path: Path, facts: Facts, like: Reader | None = None) -> None:
        kind = container_for(path)
        passed = like.passed if like else ()
        _check_passed(path, kind, passed)
        self._facts, self._layout = facts, _stored_layout(kind, facts)
        self._file = av.open(str(path), "w", format=kind.muxer)
        self._video = self._add_video(kind)
        self._durations: dict[int | None, int] = {}
        self._streams = {stream.index: self._add_passed(stream) for stream in passed}
        if like:
            described = like.container.metadata.items()
            self._file.metadata.update({key: value for key, value in described if key not in _OF_THE_FILE})
            self._file.set_chapters(like.container.chapters())

    def _add_video(self, kind: _Container) -> av.VideoStream:
        facts = self._facts
        video = self._file.add_stream(kind.codec, rate=facts.rate, options=dict(kind.options))
        assert isinstance(video, av.VideoStream)
        video.width, video.height = facts.width, facts.height
        video.pix_fmt = self._layout.name
        video.time_base = video.codec_context.time_base = facts.time_base
        if facts.aspect:
            video.codec_context.sample_aspect_ratio = facts.aspect
        video.color_primaries, video.color_trc = facts.colour.primaries, facts.colour.transfer
        video.colorspace, video.color_range = facts.colour.matrix, facts.colour.range
        video.set_display_matrix(facts.display_matrix)
        return video

    def _add_passed(self, stream: Stream) -> Stream:
        added = self._file.add_stream_from_template(stream)
        added.metadata.update(stream.metadata)
        added.disposition = stream.disposition
        return added

    def write(self, item: Frame | av.Packet) -> None:
        """Encode a frame, or pass a packet through; in place of a lost frame the one before is shown on."""
        if isinstance(item, Frame):
            if item.planes:
                self._durations[item.pts] = item.duration
                self._mux(self._video.encode(self._picture(item)))
        else:
            item.stream = self._streams[item.stream_index]
            self._file.mux(item)

    def _mux(self, packets: Sequence[av.Packet]) -> None:
        for packet in packets:
            # The coder thinks that every frame lasts as long as the rate says, the last one too.
            packet.duration = self._durations.pop(packet.pts, 0) or packet.duration
            self._file.mux(packet)

    def _picture(self, frame: Frame) -> av.VideoFrame:
        height, width = frame.size
        picture = av.VideoFrame(width, height, frame.format)
        for plane, samples in zip(picture.planes, frame.planes, strict=True):
            row = samples.reshape(len(samples), -1)
            stored = np.frombuffer(plane, samples.dtype).reshape(-1, plane.line_size // samples.itemsize)  # type: ignore[call-overload]
            stored[: len(row), : row.shape[1]] = row
        if frame.format != self._layout.name:
            tags = self._facts.colour
            picture = picture.reformat(
                format=self._layout.name,
                dst_colorspace=tags.matrix,
                src_color_range=0 if frame.format == BGR else tags.range,
                dst_color_range=tags.range,
                interpolation=EXACT,
            )
        picture.pts, picture.duration, picture.time_base = frame.pts, frame.duration, frame.time_base
        return picture

    @property
    def notes(self) -> list[str]:
        """What the output does not keep of the input."""
        lost = []
        if self._layout.bits < self._facts.layout.bits:
            lost.append("this kind of file is written with 8 bits a sample; the input has 10")
        if self._video.name == "libvpx-vp9" and self._facts.aspect not in (None, 1):
            # VP9 has no place for it in its bits, and PyAV gives no way to Matroska's.
            lost.append(f"this kind of file is written with square pixels; the input's are {self._facts.aspect}")
        return lost

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error:
            # The file is thrown away; that it cannot be finished either is no news.
            with suppress(FFmpegError, OSError):
                self._file.close()
            return
        try:
            self._mux(self._video.encode(None))
        finally:
            self._file.close()


def _stored_layout(kind: _Container, facts: Facts) -> Layout:
    """4:4:4 where a side comes out odd, for the coders want even sides of anything else."""
    layout = facts.layout
    if facts.height % 2 or facts.width % 2:
        layout = Layout(layout.bits, 1, 1)
    written = {form.name for form in av.Codec(kind.codec, "w").video_formats or ()}
    return layout if layout.name in written else replace(layout, bits=8)


def _check_passed(path: Path, kind: _Container, passed: Sequence[Stream]) -> None:
    """Raise BadInput, naming the kinds of file that can, where this one cannot hold a stream."""
    for stream in passed:
        if not _holds(kind, stream):
            able = [suffix for suffix, other in _CONTAINERS.items() if all(_holds(other, s) for s in passed)]
            raise BadInput(
                f"a {path.suffix} file cannot hold the input's {stream.type} stream ({stream.codec_context.name}); "
                f"name the output {' or '.join(able) or 'after one that can'}"
            )


def _holds(kind: _Container, stream: Stream) -> bool:
    with av.open(os.devnull, "w", format=kind.muxer) as probe:
        return stream.codec_context.name in probe.supported_codecs
