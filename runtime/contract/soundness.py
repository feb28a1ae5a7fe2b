"""Whether a model gives the same picture whole, in tiles, and at sizes that no network likes."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ...core.bundle import Bundle
from ...core.cases import Case
from ...core.contract import Soundness
from ..session import Session
from .scores import make

_TILES = 3
"""Along each side of the picture that is tiled."""
_ODD = ((1, 1), (1, 5), (7, 3), (47, 45))
"""Height and width of frames, in pixels."""
_WRONG = 255.0
"""As far off as a grey level can be: a picture that is not of the right size."""


def soundness(bundle: Bundle, session: Session, cases: Sequence[Case], threads: int) -> Soundness:
    """The worst of `cases`, each cut to the odd sizes and, where the model can be tiled, to tiles."""
    odd = max(_odd_sizes(session, case) for case in cases)
    tiled = None if session.interpolates else _tiled(bundle, session, cases, threads)
    return Soundness(
        engine=session.engine,
        precision=session.precision,  # type: ignore[arg-type]
        tiled=tiled,
        odd_sizes=round(odd, 4),
    )


def _tiled(bundle: Bundle, session: Session, cases: Sequence[Case], threads: int) -> float:
    """Greatest difference of any pixel, in grey levels."""
    tile = max(1, min(cases[0].frames[0].shape[:2]) // _TILES)
    with Session.open(bundle, session.engine, session.precision, threads, tile) as tiles:
        return max(float(cv2.norm(make(session, case), make(tiles, case), cv2.NORM_INF)) for case in cases)


def _odd_sizes(session: Session, case: Case) -> float:
    """How far the result is off for the worst size, mean over its pixels, in grey levels."""
    return max(_odd_size(session, case, height, width) for height, width in _ODD)


def _odd_size(session: Session, case: Case, height: int, width: int) -> float:
    """Enlarged, a frame is held against itself enlarged by bicubic interpolation, from which it is nowhere far in the
    mean; between two frames that are the same lies that frame again.
    """
    frame = np.ascontiguousarray(case.frames[0][:height, :width])
    scale = session.manifest.scale
    expected = cv2.resize(frame, (frame.shape[1] * scale, frame.shape[0] * scale), interpolation=cv2.INTER_CUBIC)
    made = make(session, Case((frame,) * len(case.frames), expected))
    return float(np.mean(cv2.absdiff(made, expected))) if made.shape == expected.shape else _WRONG
