"""Pictures and video frames through an upscaling network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..core.colour import store, to_network, to_picture
from ..core.errors import BadInput
from ..core.memory import copied
from .chroma import enlarge_chroma
from .frame import BGR, LAYOUTS, Frame, Layout
from .network import Network


def upscale_picture(network: Network, bgr: np.ndarray, channels: int) -> np.ndarray:
    """uint8 (H, W, 3) BGR -> the same, enlarged; a luma network leaves chroma to cubic interpolation."""
    empty = network.memory.empty
    return to_picture(network(to_network(bgr, channels, empty)), bgr, empty)


def upscale_frame(network: Network, frame: Frame, channels: int, scale: int) -> Frame:
    """Enlarge a frame, its format kept (4:4:4 where a side comes out odd), its time and tags untouched.

    Luma goes through a luma network as it is stored, whatever its matrix and range, so no colour
    conversion can harm it. Raises BadInput for a planar frame and a network that wants RGB.
    """
    if frame.format == BGR:
        return replace(frame, planes=(upscale_picture(network, frame.planes[0], channels),))
    if channels != 1:
        raise BadInput(f"this network takes {BGR} frames, not {frame.format}")
    layout = LAYOUTS[frame.format]
    height, width = (side * scale for side in frame.size)
    target = layout if height % 2 == width % 2 == 0 else Layout(layout.bits, 1, 1)
    luma, *chroma = frame.planes
    empty = network.memory.empty
    made = network(luma[None])[0] if layout.bits == 8 else _upscale_deep(network, luma, layout)
    larger = [enlarge_chroma(plane, height, width, scale, layout, target, empty) for plane in chroma]
    return replace(frame, planes=(made, *larger), format=target.name)


def _upscale_deep(network: Network, luma: np.ndarray, layout: Layout) -> np.ndarray:
    """uint16 (H, W) of more than 8 bits -> the same, enlarged."""
    empty = network.memory.empty
    y = copied(luma[None], np.float32, empty)
    y *= np.float32(1 / layout.one)
    larger = network(y)[0]
    made = store(larger, layout.one, empty(larger.shape, luma.dtype))
    return np.minimum(made, (1 << layout.bits) - 1, out=made)
