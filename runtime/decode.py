"""Video files -> frames, and the packets of the streams that pass through untouched."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition
from av.video.plane import VideoPlane
from av.video.reformatter import Interpolation

from ..core.errors import BadInput
from .frame import BGR, Colour, Frame, Layout

EXACT = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT | Interpolation.FULL_CHR_H_INP
"""How formats are converted: FFmpeg's default is faster and darkens a picture by a grey level."""
SOUND_LAGS = 1.0
"""Seconds by which a file may keep sound behind the picture it belongs to."""
_REGULAR = 0.75
"""Frames are at least this part of the usual step apart."""


@dataclass(frozen=True)
class Facts:
    """What the writer must know of a video before its first frame."""

    height: int
    width: int
    format: str
    """Of the frames given out: in `frame.LAYOUTS`, or BGR."""
    layout: Layout
    """How the picture is best stored again."""
    colour: Colour
    rate: Fraction
    time_base: Fraction
    aspect: Fraction | None
    """Width over height of a pixel; None where the file does not say."""
    display_matrix: tuple[int, ...] | None
    """The rotation and flips a player applies, as FFmpeg stores them."""
    frames: int | None
    """About how many there are; None where the file does not say."""


class Reader:
    """An open video. Iterating gives its frames, and between them the packets of the other streams.

    What cannot be decoded is a frame without planes where its place is known, and `notes` tells of it.
    `formats` are those that frames may have; any other is converted to the nearest. `live` is a stream that is
    open already, called `path`: its other streams are left alone, and no frame waits for the next one.
    Raises BadInput for a file that is missing, is no video, or of which no frame can be decoded.
    """

    def __init__(self, path: Path | str, formats: Collection[str], live: InputContainer | None = None) -> None:
        self._path, self._formats, self._live = path, formats, live is not None
        self._errors = self._corrupt = self._lost = self._out_of_order = 0
        self._last: int | None = None
        self._sent: list[int] = []
        self._unplaced = 0
        self._reached, self._ended = 0.0, False
        try:
            self.container = live or av.open(str(path))
        except (FFmpegError, OSError) as error:
            raise BadInput(f"{path} is not a video that can be read: {error.strerror}") from error
        try:
            self._open()
        except BaseException:
            self.container.close()
            raise

    def _open(self) -> None:
        streams = self.container.streams
        pictures = [s for s in streams.video if not s.disposition & Disposition.attached_pic]
        if not pictures:
            raise BadInput(f"{self._path} holds no video")
        self._video = pictures[0]
        # Threads that share the frames among them hold back as many as they are.
        self._video.thread_type = "SLICE" if self._live else "AUTO"  # type: ignore[assignment]  # PyAV takes the name
        self.passed = () if self._live else (*streams.audio, *streams.subtitles)
        self._items = self._decoded()
        self._early: list[av.VideoFrame | av.Packet] = []
        for item in self._items:
            self._early.append(item)
            if isinstance(item, av.VideoFrame):
                self.facts = self._facts(item)
                return
        raise BadInput(f"no frame of {self._path} can be decoded; it may be cut short or damaged")

    def _decoded(self) -> Iterator[av.VideoFrame | av.Packet]:
        packets = self.container.demux(self._video, *self.passed)
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    self._ended = True
                    return
                if packet.pts is not None:
                    self._reached = max(self._reached, float(packet.pts * packet.time_base))
            except FFmpegError:
                # A file that breaks off ends the packets too, so the next turn is the last.
                self._errors += 1
                continue
            if packet.stream is self._video:
                yield from self._decode(packet)
            elif packet.dts is not None:  # the last one of each stream is empty
                yield packet

    def _decode(self, packet: av.Packet) -> Iterator[av.VideoFrame]:
        if packet.pts is not None:
            heapq.heappush(self._sent, packet.pts)
        try:
            yield from (picture for picture in packet.decode() if isinstance(picture, av.VideoFrame))
        except FFmpegError:
            self._errors += 1
            self._unplaced += packet.pts is None and bool(packet.size)

    def _facts(self, first: av.VideoFrame) -> Facts:
        video, rate = self._video, self._video.average_rate or self._video.guessed_rate or Fraction(25)
        layout = _nearest_layout(first)
        planar = layout.name in self._formats
        seconds = video.duration * video.time_base if video.duration and video.time_base else None
        if not seconds and self.container.duration:
            seconds = Fraction(self.container.duration, av.time_base)
        matrix = first.side_data.get("DISPLAYMATRIX")
        return Facts(
            height=first.height,
            width=first.width,
            format=layout.name if planar else BGR,
            layout=layout if planar else replace(layout, bits=8),
            colour=_colour(first),
            rate=rate,
            time_base=video.time_base or 1 / rate,
            aspect=video.sample_aspect_ratio,
            display_matrix=tuple(np.frombuffer(matrix, np.int32).tolist()) if matrix else None,
            frames=video.frames or (round(seconds * rate) if seconds else None),
        )

    def __iter__(self) -> Iterator[Frame | av.Packet]:
        while self._early:
            yield from self._given(self._early.pop(0))
        for item in self._items:
            yield from self._given(item)
        yield from self._missing(None)

    def _given(self, item: av.VideoFrame | av.Packet) -> Iterator[Frame | av.Packet]:
        if isinstance(item, av.Packet):
            yield item
            return
        self._corrupt += item.is_corrupt
        pts = item.pts
        if pts is None:
            # A stream without times has them by its rate.
            pts = 0 if self._last is None else self._last + self._step * (1 + self._unplaced)
            self._sent += (pts - self._step * back for back in range(self._unplaced, 0, -1))
        self._unplaced = 0
        if self._last is not None and pts <= self._last:
            self._out_of_order += 1
            return
        yield from self._missing(pts)
        self._last = pts
        colour = _colour(item)
        yield Frame(
            self._planes(item),
            self.facts.format,
            pts,
            item.duration or self._step,
            self.facts.time_base,
            colour,
            item.is_corrupt,
        )

    @property
    def _step(self) -> int:
        """The usual time from frame to frame."""
        return max(1, round(1 / self.facts.rate / self.facts.time_base))

    def _missing(self, until: int | None) -> Iterator[Frame]:
        """The frames that were sent to the decoder, and that it lost, before the one at `until`."""
        last, step = self._last, self._step
        while self._sent and (until is None or self._sent[0] <= until):
            pts = heapq.heappop(self._sent)
            # Codecs have packets that show nothing, right beside those that do.
            apart = [abs(pts - other) for other in (last, until) if other is not None]
            if last is not None and min(apart) >= _REGULAR * step:
                self._lost += 1
                yield Frame((), self.facts.format, pts, step, self.facts.time_base, self.facts.colour, damaged=True)

    def _planes(self, picture: av.VideoFrame) -> tuple[np.ndarray, ...]:
        facts = self.facts
        # FFmpeg says full range twice, by a tag and by a "j"; the tag alone is kept.
        same = picture.format.name.replace("yuvj", "yuv") == facts.format
        if not same or (picture.height, picture.width) != (facts.height, facts.width):
            tags = (None, None) if facts.format == BGR else (facts.colour.matrix, facts.colour.range)
            picture = picture.reformat(
                facts.width,
                facts.height,
                facts.format,
                dst_colorspace=tags[0],
                dst_color_range=tags[1],
                interpolation=EXACT,
            )
        if facts.format == BGR:
            return (_samples(picture.planes[0], 8, facts.height, 3 * facts.width).reshape(facts.height, -1, 3),)
        rows, columns = facts.layout.chroma_size(facts.height, facts.width)
        sizes = ((facts.height, facts.width), (rows, columns), (rows, columns))
        return tuple(_samples(p, facts.layout.bits, *size) for p, size in zip(picture.planes, sizes, strict=True))

    @property
    def notes(self) -> list[str]:
        """What was left out or looks wrong, so far."""
        told = []
        left_out = len(self.container.streams) - 1 - len(self.passed)
        if left_out:
            told.append(f"left out {left_out} of its streams: neither the video nor sound nor subtitles")
        damaged = self._corrupt + max(self._errors, self._lost)
        if damaged:
            told.append(f"{damaged} packets or frames are damaged; what could be decoded is kept")
        if self._out_of_order:
            told.append(f"left out {self._out_of_order} frames that were not later than the one before")
        said = ((self.container.duration or 0) + (self.container.start_time or 0)) / av.time_base
        if self._ended and self._reached < said - SOUND_LAGS:
            told.append(f"breaks off at {self._reached:.1f} s, though it says that it lasts until {said:.1f} s")
        return [f"{self._path}: {note}" for note in told]

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_error: object) -> None:
        self.container.close()


def _nearest_layout(picture: av.VideoFrame) -> Layout:
    """The layout that loses least of a decoded picture: its own, or the next that keeps its detail."""
    kind = picture.format
    bits = 8 if max(part.bits for part in kind.components) <= 8 else 10
    if kind.is_rgb or kind.has_palette:
        return Layout(bits, 1, 1)
    if len(kind.components) < 3:
        return Layout(bits, 2, 2)
    across = 2 if kind.chroma_width(16) < 16 else 1
    return Layout(bits, across, 2 if across == 2 and kind.chroma_height(16) < 16 else 1)


def _colour(picture: av.VideoFrame) -> Colour:
    primaries, transfer = int(picture.color_primaries), int(picture.color_trc)
    if picture.format.is_rgb or picture.format.has_palette:
        # RGB has no matrix; it is stored as BT.709, limited range.
        return Colour(primaries, transfer, 1, 1)
    return Colour(primaries, transfer, int(picture.colorspace), int(picture.color_range))


def _samples(plane: VideoPlane, bits: int, height: int, width: int) -> np.ndarray:
    """A view of a plane's samples without the padding at the end of its rows."""
    samples = np.frombuffer(plane, np.uint8 if bits == 8 else np.dtype("<u2"))  # type: ignore[call-overload]
    return samples.reshape(-1, plane.line_size // samples.itemsize)[:height, :width]
