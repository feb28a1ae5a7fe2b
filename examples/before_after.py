"""The Python surface in thirty lines: make a photograph small, enlarge it again, and lay the results side by side.

python -m pocketlens.examples.before_after sesr-x2 before-after.png
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from ..calib_data.sources import sample_pictures
from ..core import picture
from ..core.resize import crop_to_multiple, resize, shrink
from ..runtime import Session

SIDE = 300


def compare(model: str, out: Path, photograph: str = "astronaut.png") -> None:
    """Write bicubic, `model` and the truth, a detail of each, from left to right."""
    with Session.open(model) as session:
        scale = session.manifest.scale
        truth = crop_to_multiple(dict(sample_pictures())[photograph], scale)
        small = shrink(truth, scale)
        enlarged = resize(small, *truth.shape[:2]), session.upscale(small), truth
    square = picture.busiest_square(truth, SIDE)
    gap = np.full((SIDE, 6, 3), 255, np.uint8)
    first, second, third = (np.ascontiguousarray(view[square]) for view in enlarged)
    picture.write(out, np.hstack([first, gap, second, gap, third]))


if __name__ == "__main__":
    compare(sys.argv[1], Path(sys.argv[2]))
