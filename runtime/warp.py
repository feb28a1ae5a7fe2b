"""Motion as arrays, and the picture that it makes of two frames."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ..core.colour import store
from ..core.facts import Sampling
from ..core.memory import Empty
from ..core.remap import KERNELS
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

    def at_chroma(self, layout: Layout, empty: Empty = np.empty) -> Motion:
        """The same at the places of the chroma samples, in the distances between those."""
        size = layout.chroma_size(*self.share.shape)
        moved = Motion(empty((2, *size), np.float32), empty((2, *size), np.float32), empty(size, np.float32))

        def sample(plane: np.ndarray, into: np.ndarray, step: int = 1) -> None:
            upper, lower = plane[:: layout.down], plane[layout.down - 1 :: layout.down]
            if len(lower) < len(upper):
                lower = np.concatenate((lower, upper[-1:]))
            midway = empty(upper.shape, np.float32)
            cv2.addWeighted(upper, 0.5 / step, lower, 0.5 / step, 0, dst=midway)
            into[...] = midway[:, :: layout.across]

        for flow, into in ((self.before, moved.before), (self.after, moved.after)):
            sample(flow[0], into[0], layout.across)
            sample(flow[1], into[1], layout.down)
        sample(self.share, moved.share)
        return moved


def compose(
    before: View, after: View, motion: Motion, sampling: Sampling, empty: Empty = np.empty
) -> tuple[np.ndarray, ...]:
    """The planes of the picture between two frames of one format and size: both warped, and mixed.

    Every plane is warped as it is stored, so that no conversion can harm its colours.
    """
    frame, bits = before.frame, 8
    motions = [motion]
    if frame.format != BGR:
        layout = LAYOUTS[frame.format]
        bits = layout.bits
        motions += [motion if layout.across == 1 else motion.at_chroma(layout, empty)] * 2
    planes = zip(before.samples, after.samples, motions, frame.planes, strict=True)
    made = tuple(_mixed(early, late, moved, plane.dtype, sampling, empty) for early, late, moved, plane in planes)
    if bits > 8:
        for plane in made:
            np.minimum(plane, (1 << bits) - 1, out=plane)
    return made


def _mixed(
    early: np.ndarray, late: np.ndarray, motion: Motion, kind: np.dtype, sampling: Sampling, empty: Empty
) -> np.ndarray:
    made = empty(early.shape, kind)
    height, width = early.shape[:2]
    strip = max(1, _STRIP // width)
    for top in range(0, height, strip):
        rows = slice(top, min(top + strip, height))
        share = motion.share[rows]
        rest = np.subtract(1, share, out=empty(share.shape, np.float32))
        one = _warped(early, motion.before, rows, sampling, empty)
        other = _warped(late, motion.after, rows, sampling, empty)
        mixed = cv2.blendLinear(one, other, share, rest, dst=empty(one.shape, np.float32))
        store(mixed, 1, made[rows])
    return made


def _warped(plane: np.ndarray, flow: np.ndarray, rows: slice, sampling: Sampling, empty: Empty) -> np.ndarray:
    """Those rows of a float32 plane fetched from where `flow` points; the edge is repeated.

    OpenCV is exact for planes of one channel, three or four; of two, bilinearly, it would round places to a 32nd of a
    pixel.
    """
    x, y = flow[0, rows], flow[1, rows]
    if rows.start:
        y = np.add(y, np.float32(rows.start), out=empty(y.shape, np.float32))
    made = empty(plane[rows].shape, np.float32)
    return cv2.remap(plane, x, y, KERNELS[sampling] | cv2.WARP_RELATIVE_MAP, dst=made, borderMode=cv2.BORDER_REPLICATE)
