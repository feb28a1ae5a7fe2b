"""`pocketlens run`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ..core.commands import Force, Quiet
from ..core.errors import BadInput
from ..core.files import refuse_existing
from ..core.picture import is_picture
from ..core.progress import silently
from .chain import Chain
from .choose import AUTO
from .options import Model, Threads


def run(
    model: Model,
    source: Annotated[
        str, typer.Argument(metavar="INPUT", help="A picture, a folder of pictures, a video, or a camera.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="What to write: of the same kind as INPUT; a video of a camera.")
    ],
    engine: Annotated[str, typer.Option(help="Engine, or auto: the fastest that works here.")] = AUTO,
    precision: Annotated[str, typer.Option(help="fp32, fp16, int8, or auto: int8 where it pays.")] = AUTO,
    tile: Annotated[int | None, typer.Option(min=1, help="Work in tiles of this side, to save memory.")] = None,
    factor: Annotated[int | None, typer.Option(min=2, help="Times as many frames a second; 2 by default.")] = None,
    fps: Annotated[str | None, typer.Option(help="Or this many: 60, 59.94, 60000/1001.")] = None,
    cut: Annotated[
        str | None, typer.Option(metavar="hold|blend", help="At a scene cut hold the frame before it, or cross-fade.")
    ] = None,
    then: Annotated[
        list[str] | None, typer.Option(metavar="MODEL", help="Run this model on what comes out; again for one more.")
    ] = None,
    show_flow: Annotated[
        Path | None, typer.Option(help="Write the motion in colours: a picture of the most of it, or a video.")
    ] = None,
    frames: Annotated[int | None, typer.Option(min=1, help="Only the first frames of a video or camera.")] = None,
    seconds: Annotated[
        float | None, typer.Option(min=0.001, help="Only the first seconds of a video or camera.")
    ] = None,
    threads: Threads = None,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Enhance a picture, a folder of pictures, a video or what a camera sees.

    A folder becomes a folder of PNGs of the same names. A video keeps its sound, subtitles, time
    stamps and colour tags; the output's suffix (.mp4, .mov, .mkv, .webm) says how it is written.

    A model that interpolates takes a video, or a folder of pictures, in the order of their names, which
    becomes 000001.png and so on. Its frames pass as they are, and new ones come between: --factor times
    as many, or --fps a second. Up to four frames that repeat the one before are replaced by the
    motion across them; more are a scene that stands still. Nothing moves across a cut.

    A camera is a URL, or camera:0 and so on for a V4L2 device of Linux (not tried on a real one yet). It
    is recorded until --frames, --seconds or Ctrl-C, without sound; what the model is too slow for is left out,
    the newest frames win, and a camera that is lost is looked for during ten seconds. A limit that Ctrl-C
    cuts short is exit code 130, and the file is kept.

    Example: pocketlens run sesr-x2 holiday.mp4 -o holiday-2x.mp4

    Example: pocketlens run ifnet-lite holiday.mp4 -o smooth.mp4 --fps 60 --then sesr-x2

    Example: pocketlens run sesr-x2 http://192.168.0.7/video -o door.mp4 --seconds 60
    """
    place = _place(source)
    _check_places(place, output, show_flow, force)
    if fps is not None and place and place.is_dir():
        raise BadInput("--fps is for videos: the pictures of a folder have no times, so give --factor")
    with (
        silently(quiet),
        Chain.open([model, *(then or [])], engine, precision, threads, tile, factor, fps, cut) as chain,
    ):
        found = _process(chain, place or source, output, show_flow, frames, seconds, quiet)
        notes = dict.fromkeys([*chain.notes, *found])
    for note in notes if not quiet else ():
        print(f"pocketlens: note: {note}", file=sys.stderr)


def _place(source: str) -> Path | None:
    """The file or folder that `source` names; None of a camera."""
    if not Path(source).exists():
        from .capture import is_camera

        if is_camera(source):
            return None
    return Path(source)


def _check_places(source: Path | None, output: Path, show_flow: Path | None, force: bool) -> None:
    """Raise BadInput for outputs that cannot be; `source` is None of a camera, which is no place."""
    if source and not source.exists():
        raise BadInput(f"no such file or folder: {source}")
    if source and source.is_dir() and (is_picture(output) or _is_video(output)):
        raise BadInput(f"a folder becomes a folder of pictures, and {output} is the name of a file")
    for target in (output, show_flow):
        if target is None:
            continue
        if source and target.exists() and target.samefile(source):
            raise BadInput(f"{target} is the input itself; choose another name")
        refuse_existing(target, force)
    if show_flow is not None:
        if show_flow.resolve() == output.resolve():
            raise BadInput(f"--show-flow and --output both name {output}")
        if not is_picture(show_flow) and not _is_video(show_flow):
            raise BadInput(f"cannot show the flow as '{show_flow.name}'; name it .png, .mp4, .mov, .mkv or .webm")


def _is_video(output: Path) -> bool:
    from .encode import SUFFIXES

    return output.suffix.lower() in SUFFIXES


def _process(
    chain: Chain,
    source: Path | str,
    output: Path,
    show_flow: Path | None,
    frames: int | None,
    seconds: float | None,
    quiet: bool,
) -> list[str]:
    """Do the work, from a place or a camera's name; gives notes on what the output lacks, and on what was found."""
    if isinstance(source, str):
        from .record import record_camera

        return record_camera(chain, source, output, frames, seconds, show_flow, quiet)
    if not source.is_dir() and not is_picture(source):
        from .video import process_video

        return process_video(chain, source, output, frames, seconds, show_flow, quiet)
    from .pictures import process_film, process_folder, process_picture

    if (frames, seconds, show_flow) != (None, None, None):
        raise BadInput("--frames, --seconds and --show-flow are for videos")
    if not source.is_dir():
        process_picture(chain, source, output)
    elif chain.interpolates:
        return process_film(chain, source, output, quiet)
    else:
        process_folder(chain, source, output, quiet)
    return []
