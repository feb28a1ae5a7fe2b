"""The rule by which few, varied pictures are chosen from many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import cv2
import numpy as np

from .statistics import Statistics, measure, sketch

RULE = "extremes, then farthest (1)"
"""Names the rule in manifests; the number goes up when the choice changes."""
PAIR_RULE = "extremes of picture and motion, then farthest (1)"

# The kinds that a set must hold, in the order in which they are taken.
_EXTREMES = (
    ("darkest", "brightness", np.argmin),
    ("brightest", "brightness", np.argmax),
    ("flattest", "texture", np.argmin),
    ("most textured", "texture", np.argmax),
)
_FASTEST = "fastest"
_TWIN = 4.0
"""Pictures that differ by less than these grey levels are near-duplicates."""


@dataclass(frozen=True, eq=False)
class Look:
    """What the rule knows of one candidate."""

    name: str
    statistics: Statistics
    sketch: np.ndarray
    motion: float = 0.0
    """Of a pair: the mean difference between its frames in grey levels."""

    @staticmethod
    def of(name: str, bgr: np.ndarray) -> Look:
        """Measure uint8 (H, W, 3) BGR."""
        return Look(name, measure(bgr), sketch(bgr))

    @staticmethod
    def of_pair(name: str, before: np.ndarray, after: np.ndarray) -> Look:
        """Measure the earlier of two frames, and how much the later differs."""
        motion = float(cv2.absdiff(before, after).mean())
        return Look(name, measure(before), sketch(before), round(motion, 2))

    @property
    def figures(self) -> tuple[float, ...]:
        """All that is measured."""
        return *astuple(self.statistics), self.motion


def choose(looks: Sequence[Look], count: int) -> dict[str, str]:
    """Choose `count` candidates, or all where there are fewer: name -> why, in order of choice.

    1. The darkest, the brightest, the flattest and the most textured, and of pairs the one that
       moves most, unless one taken before is a near-duplicate of it.
    2. Then, one by one, the candidate farthest from all that are taken, in the space of the four
       statistics and the motion, each divided by its standard deviation over the candidates.
    3. Near-duplicates of what is taken are passed over until nothing else is left. Two pictures
       are near-duplicates when their 8x8 colour sketches differ by less than 4 grey levels (rms),
       and so do their contrast, their texture and their motion.

    Nothing is random. The choice goes by what the pictures look like, so neither their order nor
    their names change it; a name only decides between pictures that measure exactly the same.
    """
    looks = sorted(looks, key=lambda look: (look.figures, look.sketch.tobytes(), look.name))
    figures = np.array([look.figures for look in looks])
    points = figures / np.where(figures.std(0) > 0, figures.std(0), 1)
    taken: dict[int, str] = {}
    distance = np.full(len(looks), np.inf)
    passed = np.zeros(len(looks), bool)

    def take(index: int, why: str) -> None:
        taken[index] = why
        np.minimum(distance, np.linalg.norm(points - points[index], axis=1), out=distance)
        np.logical_or(passed, _twins(looks, index), out=passed)

    for why, statistic, extreme in _EXTREMES:
        index = int(extreme([getattr(look.statistics, statistic) for look in looks]))
        if len(taken) < count and not passed[index]:
            take(index, why)
    fastest = int(np.argmax(figures[:, -1]))
    if looks[fastest].motion and len(taken) < count and not passed[fastest]:
        take(fastest, _FASTEST)
    while len(taken) < min(count, len(looks)):
        index = int(np.argmax(np.where(passed, -1, distance)))
        if passed[index]:
            passed[:] = False
            passed[list(taken)] = True
        else:
            take(index, "varied")
    return {looks[index].name: why for index, why in taken.items()}


def _twins(looks: Sequence[Look], index: int) -> np.ndarray:
    """Which candidates are near-duplicates of one, itself among them: bool (N,)."""
    one = looks[index]
    apart = np.array([look.sketch for look in looks]) - one.sketch
    detail = np.array([(look.statistics.contrast, look.statistics.texture, look.motion) for look in looks])
    detail_apart = np.abs(detail - detail[index]).max(1)
    return (np.sqrt((apart**2).mean(1)) < _TWIN) & (detail_apart < _TWIN)
