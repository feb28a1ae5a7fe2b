"""A calibration set drawn as one contact sheet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict

import cv2
import numpy as np

from .calibration_set import CalibrationSet, Item

_COLUMNS = 4
_WIDTH, _HEIGHT = 288, 216
_CAPTION, _GAP = 92, 14
_PAPER, _INK, _FAINT, _ACCENT = (250, 250, 250), (40, 36, 34), (130, 124, 120), (176, 112, 32)
# Where each bar is full: white, then figures that few photographs exceed.
_FULL = {"brightness": 235.0, "contrast": 80.0, "texture": 30.0, "colour": 80.0, "motion": 30.0}


def draw(calibration: CalibrationSet) -> np.ndarray:
    """A set -> uint8 (H, W, 3) BGR: each picture, or pair, with its name, why it is there, and its figures."""
    tiles = [_tile(item, frames) for item, frames in zip(calibration.manifest.items, calibration.frames(), strict=True)]
    width = max(tile.shape[1] for tile in tiles)
    columns = min(_COLUMNS * _WIDTH // width, len(tiles))
    rows = math.ceil(len(tiles) / columns)
    step_y, step_x = _HEIGHT + _CAPTION + _GAP, width + _GAP
    sheet = np.full((rows * step_y + _GAP, columns * step_x + _GAP, 3), _PAPER, np.uint8)
    for index, tile in enumerate(tiles):
        top, left = _GAP + index // columns * step_y, _GAP + index % columns * step_x
        sheet[top : top + tile.shape[0], left : left + tile.shape[1]] = tile
    return sheet


def _tile(item: Item, frames: Sequence[np.ndarray]) -> np.ndarray:
    tile = np.full((_HEIGHT + _CAPTION, _WIDTH * len(frames), 3), _PAPER, np.uint8)
    tile[:_HEIGHT] = np.hstack([_fitted(bgr) for bgr in frames])
    for seam in range(_WIDTH, tile.shape[1], _WIDTH):
        tile[:_HEIGHT, seam - 2 : seam + 2] = _PAPER
    _text(tile, item.origin, 0, _HEIGHT + 19, 0.5, _INK)
    _text(tile, item.why, 0, _HEIGHT + 37, 0.44, _ACCENT)
    figures = asdict(item.statistics) | ({"motion": item.pair.motion} if item.pair else {})
    for index, (name, value) in enumerate(figures.items()):
        across, down = index % 2 + 2 * (index // 4), index % 4 // 2
        _figure(tile, name, value, _FULL[name], across * (_WIDTH // 2), _HEIGHT + 57 + down * 22)
    return tile


def _fitted(bgr: np.ndarray) -> np.ndarray:
    """The whole picture, never enlarged, in the middle of the tile's grey ground."""
    ground = np.full((_HEIGHT, _WIDTH, 3), 228, np.uint8)
    height, width = bgr.shape[:2]
    scale = min(1.0, _HEIGHT / height, _WIDTH / width)
    small = cv2.resize(bgr, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA)
    top, left = (_HEIGHT - small.shape[0]) // 2, (_WIDTH - small.shape[1]) // 2
    ground[top : top + small.shape[0], left : left + small.shape[1]] = small
    return ground


def _figure(tile: np.ndarray, name: str, value: float, full: float, left: int, base: int) -> None:
    """`name value` above a bar that is full at `full`."""
    length = _WIDTH // 2 - 10
    filled = round(length * min(1.0, value / full))
    _text(tile, f"{name} {value:.1f}", left, base, 0.4, _FAINT)
    cv2.rectangle(tile, (left, base + 5), (left + length, base + 7), (224, 222, 220), cv2.FILLED)
    cv2.rectangle(tile, (left, base + 5), (left + filled, base + 7), _ACCENT, cv2.FILLED)


def _text(tile: np.ndarray, text: str, left: int, base: int, size: float, colour: tuple[int, int, int]) -> None:
    while cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, 1)[0][0] > _WIDTH and len(text) > 4:
        text = text[:-4] + "..."
    cv2.putText(tile, text, (left, base), cv2.FONT_HERSHEY_SIMPLEX, size, colour, 1, cv2.LINE_AA)
