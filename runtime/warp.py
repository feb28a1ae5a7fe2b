"""Motion as arrays, and the picture that it makes of two frames."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .frame import BGR, LAYOUTS, Layout
from .view import View

_STRIP = 64
"""Rows made at a time: what is in between stays in the cache, and takes no memory in large frames."""


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
        rows, columns = layout.chroma_size(*self.share.shape)
        sited = np.array([[layout.across, 0, 0], [0, layout.down, (layout.down - 1) / 2]])
        finer = np.array([layout.across, layout.down], np.float32)[:, None, None]

        def sampled(plane: np.ndarray) -> np.ndarray:
            flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            return cv2.warpAffine(plane, sited, (columns, rows), flags=flags, borderMode=cv2.BORDER_REPLICATE)

        before, after = (np.stack([sampled(plane) for plane in flow]) / finer for flow in (self.before, self.after))
        return Motion(before, after, sampled(self.share))


def compose(before: View, after: View, motion: Motion) -> tuple[np.ndarray, ...]:
    """The planes of the picture between two frames of one format and size: both warped, and mixed.

    Every plane is warped as it is stored, so that no conversion can harm its colours.
    """
    frame = before.frame
    motions = [motion] * len(frame.planes)
    if frame.format != BGR and LAYOUTS[frame.format].across > 1:
        motions[1:] = [motion.at_chroma(LAYOUTS[frame.format])] * 2
    made = []
    for early, late, plane, moved in zip(before.samples, after.samples, frame.planes, motions, strict=True):
        made.append(_mixed(early, late, moved, plane.dtype))
    return tuple(made)


def _mixed(early: np.ndarray, late: np.ndarray, motion: Motion, kind: np.dtype) -> np.ndarray:
    made = np.empty(early.shape, kind)
    depth = cv2.CV_8U if kind == np.uint8 else cv2.CV_16U
    for top in range(0, len(early), _STRIP):
        rows = slice(top, min(top + _STRIP, len(early)))
        share = motion.share[rows]
        mixed = cv2.blendLinear(
            _warped(early, motion.before, rows), _warped(late, motion.after, rows), share, 1 - share
        )
        # OpenCV's one call that rounds and saturates in a single pass.
        cv2.addWeighted(mixed, 1, mixed, 0, 0, dst=made[rows], dtype=depth)
    return made


def _warped(plane: np.ndarray, flow: np.ndarray, rows: slice) -> np.ndarray:
    """Those rows of a float32 plane fetched from where `flow` points; the edge is repeated."""
    x = flow[0, rows] + np.arange(flow.shape[2], dtype=np.float32)
    y = flow[1, rows] + np.arange(rows.start, rows.stop, dtype=np.float32)[:, None]
    return cv2.remap(plane, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
