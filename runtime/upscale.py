"""Pictures and video frames through an upscaling network."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from ..core.colour import to_network, to_picture
from ..core.errors import BadInput
from .frame import BGR, LAYOUTS, Frame, Layout
from .network import Network


def upscale_picture(network: Network, bgr: np.ndarray, channels: int) -> np.ndarray:
    """uint8 (H, W, 3) BGR -> the same, enlarged; a luma network leaves chroma to cubic interpolation."""
    return to_picture(network(to_network(bgr, channels)), bgr)


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
    y = np.multiply(frame.planes[0], np.float32(1 / layout.one), dtype=np.float32)
    chroma = [enlarge_chroma(plane, height, width, scale, layout, target) for plane in frame.planes[1:]]
    return replace(frame, planes=(_samples(network(y[None])[0], layout), *chroma), format=target.name)


def _samples(y: np.ndarray, layout: Layout) -> np.ndarray:
    """float32 with 1 as white's 255 -> samples of the layout, rounded and clipped."""
    # OpenCV's one call that scales, rounds and saturates in a single pass.
    if layout.bits == 8:
        return cv2.addWeighted(y, layout.one, y, 0, 0, dtype=cv2.CV_8U)
    samples = cv2.addWeighted(y, layout.one, y, 0, 0, dtype=cv2.CV_16U)
    return np.minimum(samples, (1 << layout.bits) - 1, out=samples)


def enlarge_chroma(
    plane: np.ndarray, height: int, width: int, scale: int, source: Layout, target: Layout
) -> np.ndarray:
    """A chroma plane of a frame -> that of the frame `scale` times as large, height x width.

    Cubic, and sited as in `source`: resizing the plane edge to edge would push colours sideways by a
    quarter of an output pixel, and further in frames of odd size.
    """
    step_x = target.across / (scale * source.across)
    step_y = target.down / (scale * source.down)
    first_x = (0.5 / scale - 0.5) / source.across
    first_y = ((target.down / 2) / scale - source.down / 2) / source.down
    rows, columns = target.chroma_size(height, width)
    return cv2.warpAffine(
        np.ascontiguousarray(plane),
        np.array([[step_x, 0, first_x], [0, step_y, first_y]]),
        (columns, rows),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
