"""Tiny videos made on the spot, and what is found in a video afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

MILLISECONDS = Fraction(1, 1000)


def make_clip(
    path: Path,
    height: int = 48,
    width: int = 64,
    pts: Sequence[int] = range(0, 400, 40),
    time_base: Fraction = MILLISECONDS,
    pix_fmt: str = "yuv420p",
    codec: str = "libx264",
    colour: tuple[int, int, int, int] | None = None,
    aspect: Fraction | None = None,
    rotation: int = 0,
    sound: bool = False,
    subtitles: bool = False,
    pictures: Sequence[np.ndarray] = (),
) -> Path:
    """Moving gradients or BGR `pictures`, one for each of `pts`; `colour` is primaries, transfer, matrix, range."""
    with av.open(str(path), "w") as out:
        video = out.add_stream(codec, rate=25, options={"preset": "ultrafast", "crf": "1"})
        assert isinstance(video, av.VideoStream)
        video.width, video.height, video.pix_fmt = width, height, pix_fmt
        video.time_base = video.codec_context.time_base = time_base
        if colour:
            video.color_primaries, video.color_trc, video.colorspace, video.color_range = colour
        if aspect:
            video.codec_context.sample_aspect_ratio = aspect
        if rotation:
            video.set_display_rotation(rotation)
        audio = out.add_stream("aac", rate=48000) if sound else None
        text = out.add_mux_stream("subrip") if subtitles else None
        made: list[av.Packet] = []
        for index, when in enumerate(pts):
            shown = av.VideoFrame.from_ndarray(pictures[index], "bgr24") if pictures else _picture(height, width, index)
            frame = shown.reformat(format=pix_fmt)
            frame.pts, frame.time_base = when, time_base
            made += video.encode(frame)
        made += video.encode(None)
        if audio:
            made += _song(audio, float(pts[-1] * time_base))
        if text:
            packet = av.Packet(b"hello")
            packet.stream, packet.pts, packet.dts, packet.duration = text, 100, 100, 200
            packet.time_base = MILLISECONDS
            made.append(packet)
        # Sound beside the picture it belongs to, as in any real file.
        out.mux(sorted(made, key=lambda packet: packet.dts * packet.time_base))  # type: ignore[operator]
    return path


def _picture(height: int, width: int, index: int) -> av.VideoFrame:
    rows, columns = np.mgrid[:height, :width]
    y = 60 + (rows + columns + 3 * index) % 120
    planes = np.stack([y, np.full_like(y, 110), np.full_like(y, 150)]).astype(np.uint8)
    frame = av.VideoFrame(width, height, "yuv444p")
    for plane, samples in zip(frame.planes, planes, strict=True):
        np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[:height, :width] = samples  # type: ignore[call-overload]
    return frame


def _song(audio: av.AudioStream, seconds: float) -> list[av.Packet]:
    wave = (np.sin(np.arange(int(48000 * (seconds + 0.1))) / 20) * 8000).astype(np.int16)
    made: list[av.Packet] = []
    for start in range(0, len(wave) - 1024, 1024):
        frame = av.AudioFrame.from_ndarray(wave[None, start : start + 1024].repeat(2, 1), "s16", "stereo")
        frame.sample_rate, frame.pts = 48000, start
        made += audio.encode(frame)
    return made + audio.encode(None)


@dataclass(frozen=True)
class Found:
    """What a video holds."""

    size: tuple[int, int]
    pix_fmt: str
    times: list[float]
    """Seconds at which its frames are shown."""
    colour: tuple[int, int, int, int]
    aspect: Fraction | None
    rotation: int
    planes: list[np.ndarray]
    """Y, Cb, Cr of its first frame."""
    bgr: np.ndarray
    """Its mean colour as a player shows it."""


def look(path: Path) -> Found:
    """Decode a whole video."""
    with av.open(str(path)) as file:
        frames = list(file.decode(video=0))
        video, first = file.streams.video[0], frames[0]
        planes = [np.frombuffer(p, np.uint8).reshape(p.height, -1)[:, : p.width].copy() for p in first.planes]  # type: ignore[call-overload]
        return Found(
            (first.height, first.width),
            first.format.name,
            [float(frame.pts * frame.time_base) for frame in frames],  # type: ignore[operator]
            (int(first.color_primaries), int(first.color_trc), first.colorspace, first.color_range),
            video.sample_aspect_ratio,
            first.rotation,
            planes,
            first.reformat(format="bgr24", interpolation="BICUBIC").to_ndarray().mean((0, 1)),
        )


def packets(path: Path, kind: str) -> list[tuple[float, bytes]]:
    """Time in seconds and bytes of every packet of the first stream of a kind."""
    with av.open(str(path)) as file:
        stream = next(stream for stream in file.streams if stream.type == kind)
        return [(float(p.pts * p.time_base), bytes(p)) for p in file.demux(stream) if p.pts is not None]
