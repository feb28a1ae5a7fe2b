"""A dozen small pairs of frames drawn from a seed, with the true picture between: nobody's rights, no download.

They hold what interpolators are tried by: slides slow and fast, turns, zooms, and discs that hide the ground,
go against it, or pass each other. Nothing is warped: the picture of any moment is drawn for that moment.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..core.resize import resize
from ..core.triplet import Triplet
from .samples import PATTERNS

SIDE = 64
"""Pixels a side."""

_OVERSAMPLING = 4
_COARSE = 0.6
"""What is seen of a pattern: finer stripes than a pixel would hide which way they go."""


@dataclass(frozen=True)
class _Layer:
    """Something textured that moves steadily; half way, at time 0.5, it is upright and where it says."""

    pattern: str
    shift: tuple[float, float] = (0, 0)
    """Pixels right and down from one frame to the next."""
    turn: float = 0
    """Radians."""
    zoom: float = 1
    """How much larger it is in the later frame."""
    place: tuple[float, float] = (0.5, 0.5)
    """Its centre, in sides of the picture."""
    radius: float | None = None
    """Of a disc, in sides of the picture; the ground is everywhere."""


_SCENES: dict[str, tuple[float, list[_Layer]]] = {
    "slide": (0.5, [_Layer("rings", shift=(3, 0))]),
    "drop": (0.5, [_Layer("strokes", shift=(0, -4))]),
    "dash": (0.5, [_Layer("discs", shift=(9, 6))]),
    "creep": (0.5, [_Layer("grating", shift=(0.7, 0.3))]),
    "turn": (0.5, [_Layer("edges", turn=0.12)]),
    "zoom": (0.5, [_Layer("discs", zoom=1.12)]),
    "ball": (0.5, [_Layer("soft"), _Layer("checks", shift=(10, 2), radius=0.2)]),
    "against": (0.5, [_Layer("strokes", shift=(-3, 0)), _Layer("rings", shift=(7, 0), radius=0.25)]),
    "crossing": (
        0.5,
        [
            _Layer("ramp"),
            _Layer("checks", shift=(8, 0), place=(0.4, 0.4), radius=0.15),
            _Layer("rings", shift=(-8, 0), place=(0.6, 0.6), radius=0.18),
        ],
    ),
    "early": (0.25, [_Layer("rings", shift=(4, 4))]),
    "late": (0.75, [_Layer("edges", turn=-0.1, shift=(2, 0))]),
    "spin": (0.5, [_Layer("checks", shift=(0, 2)), _Layer("strokes", turn=0.3, radius=0.3)]),
}
"""Name -> the moment that is looked for, and what is seen, the farthest first."""


def draw_pairs(seed: int = 0, side: int = SIDE) -> list[Triplet]:
    """Twelve triplets of uint8 (side, side, 3) BGR."""
    made = []
    for index, (name, (t, layers)) in enumerate(_SCENES.items()):
        before, truth, after = (_draw(layers, moment, (seed, index), side) for moment in (0.0, t, 1.0))
        made.append(Triplet(name, before, truth, after, t))
    return made


def _draw(layers: list[_Layer], moment: float, seed: tuple[int, int], side: int) -> np.ndarray:
    """The scene at one moment, the same for a seed but for what moves."""
    dense = side * _OVERSAMPLING
    y, x = (np.mgrid[:dense, :dense] + 0.5) / dense
    picture = np.zeros((dense, dense, 3))
    for depth, layer in enumerate(layers):
        rng = np.random.default_rng((*seed, depth))
        colours = rng.uniform(0, 1, (2, 3))
        u, v = _inside(layer, x, y, moment - 0.5, side)
        shown = PATTERNS[layer.pattern](_COARSE * (u - 0.5) + 0.5, _COARSE * (v - 0.5) + 0.5, rng)
        share = np.clip(shown, 0, 1)[..., None]
        seen = share * colours[0] + (1 - share) * colours[1]
        hides = (
            1.0
            if layer.radius is None
            else (np.hypot(u - layer.place[0], v - layer.place[1]) < layer.radius)[..., None]
        )
        picture += hides * (seen - picture)
    fine = np.clip(np.rint(resize(picture.astype(np.float32), side, side) * 255), 0, 255)
    return fine.astype(np.uint8)


def _inside(layer: _Layer, x: np.ndarray, y: np.ndarray, since: float, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Where in a layer lies what is seen at x, y in [0, 1), `since` the middle of the time between the frames."""
    across = x - layer.place[0] - since * layer.shift[0] / side
    down = y - layer.place[1] - since * layer.shift[1] / side
    angle, size = since * layer.turn, layer.zoom**since
    u = (np.cos(angle) * across + np.sin(angle) * down) / size
    v = (np.cos(angle) * down - np.sin(angle) * across) / size
    return u + layer.place[0], v + layer.place[1]
