"""Motion as a picture: hue is its direction and saturation its length, on the colour wheel of Middlebury."""

from __future__ import annotations

import numpy as np

_WHEEL = {
    0: (255, 0, 0),
    15: (255, 255, 0),
    21: (0, 255, 0),
    25: (0, 255, 255),
    36: (0, 0, 255),
    49: (255, 0, 255),
    55: (255, 0, 0),
}
"""Place on the wheel -> RGB (Baker et al. 2011): the eye tells more colours between some neighbours than others.
It begins to the right, and goes round as the hands of a clock."""
_BEYOND = 0.75
"""Brightness of motion that is longer than what has a full colour."""


def flow_picture(flow: np.ndarray, longest: float | None = None) -> np.ndarray:
    """Flow (2, H, W) in pixels, rightwards and then downwards -> uint8 (H, W, 3) BGR.

    No motion is white. `longest` pixels, by default the longest there are, have a full colour, and what is
    longer a darker one.
    """
    length = np.hypot(flow[0], flow[1])
    reach = (length / (longest or float(length.max()) or 1.0))[..., None]
    place = np.arctan2(flow[1], flow[0]) / (2 * np.pi) % 1 * max(_WHEEL)
    hue = np.stack(
        [np.interp(place, list(_WHEEL), channel) for channel in zip(*_WHEEL.values(), strict=True)][::-1], -1
    )
    coloured = np.where(reach <= 1, 255 - reach * (255 - hue), _BEYOND * hue)
    return np.rint(coloured).astype(np.uint8)
