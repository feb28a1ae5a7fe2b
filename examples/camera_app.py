"""A camera app: a live stream upscaled or interpolated, in a window where there is one, else into a file.

python -m pocketlens.examples.camera_app sesr-x2,fsrcnn-x2 http://192.168.0.7/video --budget 40
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from ..core.interrupt import Interruptible
from ..runtime import Frame, Session
from ..runtime.camera import Live
from ..runtime.encode import Writer


def window(shut: Callable[[], None]) -> Callable[[Frame], None] | None:
    """What shows a BGR frame in a new window, which calls `shut` when the user shuts it; None where there is none."""
    try:
        import tkinter

        root = tkinter.Tk()
    except Exception:  # no tkinter, or no display
        return None
    root.protocol("WM_DELETE_WINDOW", shut)
    picture = tkinter.PhotoImage()
    tkinter.Label(root, image=picture).pack()

    def show(frame: Frame) -> None:
        height, width = frame.size
        picture.configure(data=b"P6 %d %d 255 " % (width, height) + frame.planes[0][..., ::-1].tobytes())
        root.update()

    return show


def run(models: str, source: str, budget: float | None, seconds: float | None, out: Path) -> None:
    """Show what `source` sees until the window is shut, `seconds` have passed, or Ctrl-C."""
    with ExitStack() as opened:
        ladder = [opened.enter_context(Session.open(model)) for model in models.split(",")]
        live = opened.enter_context(Live(source, ladder, budget, bgr=True, seconds=seconds, told=print))
        opened.enter_context(Interruptible(live.stop))
        sink = window(live.stop) or opened.enter_context(Writer(out, live.facts)).write
        for frame in live:
            sink(frame)
    print("\n".join(live.notes))


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("models", help="the best first; the governor takes the first that keeps up")
    options.add_argument("source", help="a URL, or camera:0")
    options.add_argument("--budget", type=float, help="milliseconds a frame")
    options.add_argument("--seconds", type=float)
    options.add_argument("--out", type=Path, default=Path("camera.mp4"), help="where there is no window")
    run(**vars(options.parse_args()))
