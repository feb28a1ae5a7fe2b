r"""What a student of restoration makes of worn pictures and of video, next to its teacher and bicubic enlarging.

    python benchmarks/restoration.py sesr-x4-real --teacher realesr-general-x4v3.pth \
        --perceptual squeezenet1_1_caffe.pth --data SET --data SET --clip CLIP --clip CLIP

SET is a folder of HR pictures, worn as `distill eval --degradation real` wears them. A clip is worn by being made
small, noisy and JPEG, each frame anew: its first frames for flicker against the frames themselves, and one for a
contact sheet, beside that frame as it is. Writes `benchmarks/results/restoration-xN.json` and
`docs/images/restoration-xN.jpg`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from pocketlens.core import picture
from pocketlens.core.files import write_text
from pocketlens.core.flicker import flicker
from pocketlens.core.resize import resize, shrink
from pocketlens.distill.evaluate import Pair, Trial, Upscaled, Upscaler, cropped
from pocketlens.distill.model import UpscalingModel, open_model
from pocketlens.distill.plots import draw_rows
from pocketlens.distill.score_folder import score_folder
from pocketlens.distill.trial import open_trial

HERE = Path(__file__).parent
FRAMES, HEIGHT, WIDTH = 12, 360, 640
"""Frames of a clip for flicker, and the middle of them that is looked at: large teachers are slow."""
SHOWN, SIDE = 30, 240
"""The frame that is shown, and the pixels of each view of it across."""
NOISE, QUALITY = 5.0, 60
"""Deviation in grey levels and JPEG quality of what stands for a camera."""


def bicubic(pair: Pair) -> Upscaled:
    """Enlarged without a network."""
    return Upscaled(resize(pair.lr, *pair.hr.shape[:2]), None)


def once(upscaler: Upscaler) -> Upscaler:
    """The same, asked but once about each LR picture."""
    kept: dict[str, Upscaled] = {}

    def upscale(pair: Pair) -> Upscaled:
        if pair.digest not in kept:
            kept[pair.digest] = upscaler(pair)
        return kept[pair.digest]

    return upscale


def scores(student: UpscalingModel, trial: Trial, folder: Path) -> dict[str, Any]:
    """The means of `distill eval` for bicubic, student and teacher on one set."""
    assert trial.teacher is not None
    teacher = once(trial.teacher)
    ours = score_folder(student, folder, quiet=True, trial=replace(trial, teacher=teacher))
    alone = replace(trial, teacher=None)
    theirs = score_folder(UpscalingModel(teacher, student.scale), folder, quiet=True, trial=alone)
    return {"bicubic": ours["baseline"], "student": ours["mean"], "teacher": theirs["mean"]}


def frames(clip: Path) -> Iterator[np.ndarray]:
    """uint8 (H, W, 3) BGR."""
    with av.open(str(clip)) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="bgr24")


def middle(frame: np.ndarray) -> np.ndarray:
    """At most HEIGHT x WIDTH of it."""
    top, left = (max(0, side - most) // 2 for side, most in zip(frame.shape, (HEIGHT, WIDTH), strict=False))
    return frame[top : top + HEIGHT, left : left + WIDTH]


def seen(hr: np.ndarray, scale: int, rng: np.random.Generator) -> np.ndarray:
    """A frame as a small, noisy camera would have taken it."""
    small = shrink(hr, scale)
    noisy = np.clip(np.rint(small + NOISE * rng.standard_normal(small.shape)), 0, 255).astype(np.uint8)
    _, data = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return picture.decode(data.tobytes(), "a frame")


def flickers(ways: Mapping[str, Upscaler], clip: Path, scale: int) -> dict[str, float]:
    """Of each way, in grey levels."""
    rng = np.random.default_rng(0)
    wholes = [cropped(clip.name, middle(frame), scale) for frame in islice(frames(clip), FRAMES)]
    pairs = [Pair(clip.name, hr, seen(hr, scale, rng)) for hr in wholes]
    return {name: flicker((way(pair).picture, pair.hr) for pair in pairs) for name, way in ways.items()}


def shown(ways: Mapping[str, Upscaler], clip: Path, scale: int) -> list[dict[str, np.ndarray]]:
    """Two rows of views: of one frame as it is, and of the same as a camera would have taken it."""
    frame = cropped(clip.name, next(islice(frames(clip), SHOWN, None)), scale)
    camera = seen(frame, scale, np.random.default_rng(0))
    return [_row(ways, clip.stem, frame, scale), _row(ways, f"{clip.stem}, worn", camera, scale)]


def _row(ways: Mapping[str, Upscaler], label: str, frame: np.ndarray, scale: int) -> dict[str, np.ndarray]:
    """The pixels of a square, and what each way makes of them."""
    lr = np.ascontiguousarray(frame[picture.busiest_square(frame, SIDE // scale)])
    pixels = cv2.resize(lr, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST)
    pair = Pair(label, pixels, lr)
    return {label: pixels, **{name: way(pair).picture for name, way in ways.items()}}


def main() -> None:
    """Score, count and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("student", help="as of distill eval")
    parser.add_argument("--teacher", required=True)
    parser.add_argument("--perceptual", type=Path, required=True)
    parser.add_argument("--data", action="append", type=Path, required=True)
    parser.add_argument("--clip", action="append", type=Path, required=True)
    chosen = parser.parse_args()
    student = open_model(chosen.student)
    assert isinstance(student, UpscalingModel)
    trial = open_trial(student, "real", chosen.teacher, chosen.perceptual, None)
    assert trial.teacher is not None
    ways = {"bicubic": bicubic, "student": student.upscaler, "teacher": trial.teacher}
    results = {
        "student": Path(chosen.student).name,
        "teacher": Path(chosen.teacher).name,
        "sets": {folder.name: scores(student, trial, folder) for folder in chosen.data},
        "flicker": {clip.stem: flickers(ways, clip, student.scale) for clip in chosen.clip},
    }
    print(json.dumps(results, indent=1))
    write_text(HERE / "results" / f"restoration-x{student.scale}.json", json.dumps(results, indent=1) + "\n")
    sheet = HERE.parent / "docs" / "images" / f"restoration-x{student.scale}.jpg"
    draw_rows([row for clip in chosen.clip for row in shown(ways, clip, student.scale)], sheet)


if __name__ == "__main__":
    main()
