"""Motion as arrays, and the picture that it makes of two frames."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .frame import BGR, LAYOUTS, Layout
from .view import View

_STRIP = 1 << 16
"""Pixels made at a time: what is in between stays in the cache, and takes no memory in large frames."""


@dataclass(frozen=True, eq=False)
class Motion:
    """Where the pixels of a picture between two frames come from; float32.

    A flow is (2, H, W), x then y, in pixels: what is at `p` in the picture lies at `p + flow(p)` in the frame.
    """

    before: np.ndarray
    after: np.ndarray
    share: np.ndarray
    """(H, W) in [0, 1]: the share of the earlier frame in each pixel."""

    def at_chroma(self, layout: Layout) -> Motion:
        """The same at the places of the chroma samples, in the distances between those."""

        def sampled(plane: np.ndarray, step: int = 1) -> np.ndarray:
            upper, lower = plane[:: layout.down], plane[layout.down - 1 :: layout.down]
            if len(lower) < len(upper):
                lower = np.concatenate((lower, upper[-1:]))
            midway = cv2.addWeighted(upper, 0.5 / step, lower, 0.5 / step, 0)
            return np.ascontiguousarray(midway[:, :: layout.across])

        before, after = (
            np.stack((sampled(flow[0], layout.across), sampled(flow[1], layout.down)))
            for flow in (self.before, self.after)
        )
        return Motion(before, after, sampled(self.share))


def compose(before: View, after: View, motion: Motion) -> tuple[np.ndarray, ...]:
    """The planes of the picture between two frames of one format and size: both warped, and mixed.

    Every plane is warped as it is stored, so that no conversion can harm its colours.
    """
    frame = before.frame
    motions = [motion]
    if frame.format != BGR:
        layout = LAYOUTS[frame.format]
        motions += [motion if layout.across == 1 else motion.at_chroma(layout)] * 2
    planes = zip(before.samples, after.samples, motions, frame.planes, strict=True)
    return tuple(_mixed(early, late, moved, plane.dtype) for early, late, moved, plane in planes)


def _mixed(early: np.ndarray, late: np.ndarray, motion: Motion, kind: np.dtype) -> np.ndarray:
    made = np.empty(early.shape, kind)
    depth = cv2.CV_8U if kind == np.uint8 else cv2.CV_16U
    height, width = early.shape[:2]
    strip = max(1, _STRIP // width)
    for top in range(0, height, strip):
        rows = slice(top, min(top + strip, height))
        share = motion.share[rows]
        mixed = cv2.blendLinear(
            _warped(early, motion.before, rows), _warped(late, motion.after, rows), share, 1 - share
        )
        # OpenCV's one call that rounds and saturates in a single pass.
        cv2.addWeighted(mixed, 1, mixed, 0, 0, dst=made[rows], dtype=depth)
    return made


def _warped(plane: np.ndarray, flow: np.ndarray, rows: slice) -> np.ndarray:
    """Those rows of a float32 plane fetched from where `flow` points; the edge is repeated.

    OpenCV is exact for planes of one channel, three or four; of two it would round places to a 32nd of a pixel.
    """
    x, y = flow[0, rows], flow[1, rows]
    if rows.start:
        y = y + np.float32(rows.start)
    return cv2.remap(plane, x, y, cv2.INTER_LINEAR | cv2.WARP_RELATIVE_MAP, borderMode=cv2.BORDER_REPLICATE)
