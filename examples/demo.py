"""`pocketlens demo`: the whole chain on small real input, command by command, and a page about it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from ..calib_data.sources import sample_clip, sample_pictures
from ..cli import GROUP
from ..core import picture
from ..core.commands import Quiet
from ..core.errors import BadInput, need
from ..core.resize import crop_to_multiple, shrink
from .page import write_page

HELD_OUT = ("astronaut.png", "chelsea.png", "coffee.png")
"""Photographs that are scored on and never trained on."""

_CANNOT = 3


class Chain:
    """Runs pocketlens commands in one folder and keeps what each reported as JSON."""

    def __init__(self, folder: Path, quiet: bool) -> None:
        self.folder, self._quiet = folder, quiet
        self.commands: list[str] = []

    def __call__(self, *words: object, report: str | None = None, optional: bool = False) -> bool:
        """Run `pocketlens WORDS`; with `report`, its JSON goes to reports/REPORT.json.

        An `optional` command may find that this machine cannot do it; any other failure ends the demo
        with the command's exit code. Returns whether it was done.
        """
        line = [str(word) for word in words]
        self.commands.append(shlex.join(["pocketlens", *line]))
        if not self._quiet:
            print(f"\n$ {self.commands[-1]}", flush=True)
        extra = ["--json", str(self.folder / "reports" / f"{report}.json"), "--force"] if report else []
        code = GROUP.main([*line, *extra, *(["--quiet"] if self._quiet else [])], "pocketlens", standalone_mode=False)
        if code and not (optional and code == _CANNOT):
            raise typer.Exit(code)
        return not code


def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to fill.")] = Path("pocketlens-demo"),
    steps: Annotated[int, typer.Option(help="Training steps; a few minutes by default.")] = 4000,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a demo that was interrupted.")] = False,
    quiet: Quiet = False,
) -> None:
    """Distil a teacher, quantize, export, bundle, upscale a real clip, and write a page about it.

    Example: pocketlens demo -o demo
    """
    need("torch", "train")
    need("nncf", "quant")
    if out.exists() and any(out.iterdir()) and not resume:
        raise BadInput(f"{out} is not empty; choose another folder, or continue it with --resume")
    chain = Chain(out, quiet)
    put_pictures(out)
    distil(chain, steps, resume)
    deploy(chain)
    enhance(chain)
    page = write_page(out, chain.commands)
    if not quiet:
        print(f"\n{page}: open it in a browser")


def put_pictures(out: Path) -> None:
    """Photographs of installed packages: to train on, to be scored on, and those made small."""
    for name, bgr in sample_pictures():
        held_out = name in HELD_OUT
        file = Path(name).with_suffix(".png").name
        picture.write(out / "pictures" / ("held-out" if held_out else "train") / file, bgr)
        if held_out:
            picture.write(out / "pictures" / "small" / file, shrink(crop_to_multiple(bgr, 2), 2))


def distil(chain: Chain, steps: int, resume: bool) -> None:
    """Train the student under the shipped teacher, and score both."""
    out, held_out = chain.folder, chain.folder / "pictures" / "held-out"
    going_on = ["--resume"] if resume and (out / "student" / "recipe.toml").exists() else []
    chain("distill", "run", "demo", "--data", out / "pictures" / "train", "--set", f'data.val=["{held_out}"]',
          "--set", f"steps={steps}", "--out", out / "student", *going_on, report="train")  # fmt: skip
    chain("distill", "eval", "rrdb-x2", "--data", held_out, report="teacher")
    chain("distill", "eval", out / "student", "--data", held_out, report="student")


def deploy(chain: Chain) -> None:
    """Calibrate, quantize, export for CPUs and TensorRT, seal and check."""
    out = chain.folder
    # Not from `sample`, which holds the held-out photographs too.
    chain("calib", "make", out / "pictures" / "train", "-o", out / "calibration", "--force")
    chain("calib", "show", out / "calibration", "-o", out / "calibration.png", "--force")
    graph = out / "student-int8-tensorrt.onnx"
    chain("export", "onnx", out / "student", "-o", graph, "--precision", "int8", "--face", "frame", "--for", "tensorrt",
          "--calib", out / "calibration", "--force", report="onnx")  # fmt: skip
    chain("export", "trt", graph, "-o", out / "student-int8.plan", "--sm", "75,86,89", "--force",
          report="plan", optional=True)  # fmt: skip
    chain("export", "bundle", out / "student", "-o", out / "student.plens", "--calib", out / "calibration",
          "--data", out / "pictures" / "held-out", "--seconds", "20", "--force", report="bundle")  # fmt: skip
    chain("export", "check", out / "student.plens", report="check")


def enhance(chain: Chain) -> None:
    """Measure the speed, then upscale the small photographs and a clip."""
    out = chain.folder
    chain("doctor", report="doctor")
    chain("bench", out / "student.plens", "--size", "272x640", report="bench")
    chain("run", out / "student.plens", out / "pictures" / "small", "-o", out / "pictures" / "upscaled", "--force")
    chain("run", out / "student.plens", sample_clip(), "-o", out / "clip-2x.mp4", "--force")
