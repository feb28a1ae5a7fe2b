r"""Seven frames between two, as slow motion wants them: of an interpolator as it is shipped, and of its teacher.

    python benchmarks/slow_motion.py --teacher flownet.pkl --clip CLIP --clip CLIP

The two neighbouring frames of each clip that differ most, within one scene and at their full size, for a contact sheet
and for what can be told without the truth. With the truth: of nine frames in a row, scaled down until compression no
longer shows, the first and the last are given and the seven between them are to be found. Writes
`benchmarks/results/slow_motion.json` and `docs/images/slow-motion.jpg`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from pocketlens.core import picture
from pocketlens.core.files import write_text
from pocketlens.core.scene import is_cut
from pocketlens.core.triplet import Triplet
from pocketlens.distill.clips import open_clip
from pocketlens.distill.interpolation_scores import Interpolator, score_triplets
from pocketlens.distill.model import InterpolatingModel, open_model
from pocketlens.distill.plots import draw_rows
from restoration import frames

HERE = Path(__file__).parent
HALF = 4
MOMENTS = [eighth / (2 * HALF) for eighth in range(1, 2 * HALF)]
"""At which frames are made between two."""
STRETCHES, SIDE = 12, 208
"""Stretches of nine frames that a clip is scored on, spread over it, and the pixels of a view of the sheet across."""
AROUND = (25, 25)
"""Pixels over which change is averaged to tell where most moves: in less, the noise of fine texture counts more."""
AT_REST = 2
"""Grey levels by which a pixel of two frames may differ and count as one where nothing moves."""
Ways = Mapping[str, Interpolator]


def liveliest(clip: Path) -> tuple[np.ndarray, np.ndarray]:
    """The two neighbouring frames of a scene that differ most."""
    pairs = (pair for pair in pairwise(frames(clip)) if not is_cut(*pair))
    return max(pairs, key=lambda pair: cv2.norm(*pair, cv2.NORM_L1))


def slowed(between: Interpolator, before: np.ndarray, after: np.ndarray) -> list[np.ndarray]:
    """The two frames and those between them."""
    return [before, *(between(before, after, t) for t in MOMENTS), after]


def judged(shown: Sequence[np.ndarray]) -> dict[str, list[float]]:
    """Without the truth, in grey levels: how much changes from each frame to the next, and where nothing should."""
    at_rest = cv2.absdiff(shown[0], shown[-1]).max(2) <= AT_REST
    steps = [cv2.absdiff(*both) for both in pairwise(shown)]
    strays = [cv2.absdiff(made, shown[0])[at_rest] for made in shown[1:-1]]
    return {
        "steps": [round(float(step.mean()), 3) for step in steps],
        "at_rest": [round(float(stray.sum()) / max(1, stray.size), 3) for stray in strays],
    }


def stretches(clip: Path) -> list[np.ndarray]:
    """Each (9, H, W, 3), without a cut, and with motion throughout."""
    found = open_clip(clip, (HALF,), quiet=True)
    chosen = found.middles[:: max(1, len(found.middles) // STRETCHES)][:STRETCHES]
    return [found.frames[middle - HALF : middle + HALF + 1] for middle, _ in chosen]


def psnrs(between: Interpolator, films: Sequence[np.ndarray]) -> list[float]:
    """RGB PSNR at each moment, in dB, mean over the stretches."""
    scored = (
        score_triplets(between, [Triplet("", film[0], film[place], film[-1], t) for film in films])
        for place, t in enumerate(MOMENTS, 1)
    )
    return [round(each["mean"]["psnr_rgb"], 3) for each in scored]


def opened(model: str) -> Interpolator:
    """As of `distill eval`, a model that interpolates."""
    found = open_model(model)
    assert isinstance(found, InterpolatingModel)
    return found.between


def look(clip: Path, ways: Ways) -> tuple[list[dict[str, np.ndarray]], dict[str, object]]:
    """Rows for the sheet, of all ways but averaging, and figures."""
    before, after = liveliest(clip)
    films = stretches(clip)
    square = picture.busiest_square(cv2.blur(cv2.absdiff(before, after), AROUND), SIDE)
    made = {name: slowed(way, before, after) for name, way in ways.items()}
    labels = [*(f"{round(t * 2 * HALF)}/{2 * HALF}" for t in MOMENTS), "next frame"]
    rows = [
        dict(zip([f"{clip.stem}, {name}", *labels], (frame[square] for frame in shown), strict=True))
        for name, shown in made.items()
        if name != "average"
    ]
    figures = {
        "neighbours": {name: judged(shown) for name, shown in made.items()},
        "stretches": len(films),
        "psnr_rgb": {name: psnrs(way, films) for name, way in ways.items()},
    }
    return rows, figures


def main() -> None:
    """Draw, score and write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("student", nargs="?", default="ifnet-lite", help="as of distill eval")
    parser.add_argument("--teacher", required=True)
    parser.add_argument("--clip", action="append", type=Path, required=True)
    chosen = parser.parse_args()
    ways = {"average": picture.blend, "student": opened(chosen.student), "teacher": opened(chosen.teacher)}
    looked = {clip.stem: look(clip, ways) for clip in chosen.clip}
    results = {
        "student": Path(chosen.student).name,
        "teacher": Path(chosen.teacher).name,
        "clips": {name: figures for name, (_, figures) in looked.items()},
    }
    print(json.dumps(results, indent=1))
    write_text(HERE / "results" / "slow_motion.json", json.dumps(results, indent=1) + "\n")
    draw_rows([row for rows, _ in looked.values() for row in rows], HERE.parent / "docs" / "images" / "slow-motion.jpg")


if __name__ == "__main__":
    main()
