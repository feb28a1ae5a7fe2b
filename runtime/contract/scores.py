"""How good a model's pictures are, each by itself, as its user gets them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from ...core.banding import banding
from ...core.cases import Case, clip
from ...core.checkerboard import checkerboard
from ...core.colour import grey_difference
from ...core.contract import Measure, Scores
from ...core.errors import BadInput
from ...core.flicker import flicker
from ...core.manifest import Manifest
from ...core.metrics import PERFECT, psnr_rgb, psnr_y
from ..session import Session

_NEAR = 50.0
"""dB above which no one sees a difference, so that two models are equally good there."""
_DIGITS = 4

Values = dict[Measure, list[float]]


def scores(session: Session, cases: Sequence[Case]) -> Values:
    """Measure -> a value for each case."""
    return listed([_of_picture(session, case) for case in cases])


def listed(each: Sequence[Mapping[Measure, float]]) -> Values:
    """The measures of each picture, as they are sealed."""
    return {measure: [round(one[measure], _DIGITS) for one in each] for measure in each[0]}


def sealed_scores(engine: str, precision: str, values: Values, fp32: Values | None) -> Scores:
    """Values as they are sealed. `fp32`: those of the same engine, where it runs that precision."""
    gap = round(float(np.mean(fp32["psnr"]) - np.mean(values["psnr"])), _DIGITS) if fp32 else None
    return Scores(engine=engine, precision=precision, gap=gap, **values)  # type: ignore[arg-type]


def gains(measure: Measure, now: Sequence[float], before: Sequence[float], same: bool = True) -> np.ndarray:
    """How much better each picture has become: of PSNR more is better, of the indices less.

    The `same` model is to give the same picture, so its brightness may not change. Another one may come nearer to the
    truth, and how near a picture is that is next to perfect, where half a grey level is decibels, does not count.
    """
    new, old = np.array(now), np.array(before)
    if measure == "psnr":
        return new - old if same else np.minimum(new, _NEAR) - np.minimum(old, _NEAR)
    if measure == "brightness":
        return -abs(new - old) if same else abs(old) - abs(new)
    return old - new


def make(session: Session, case: Case) -> np.ndarray:
    """What the model makes of a case, uint8 (H, W, 3) BGR."""
    if session.interpolates:
        before, after = case.frames
        return session.between(before, after, case.t)
    return session.upscale(*case.frames)


def psnr(made: np.ndarray, truth: np.ndarray, facts: Manifest) -> float:
    """dB as the model's task counts it, up to `PERFECT`."""
    return min(PERFECT, psnr_y(made, truth, facts.scale) if facts.task == "upscale" else psnr_rgb(made, truth))


def of_one(made: np.ndarray, truth: np.ndarray, facts: Manifest) -> dict[Measure, float]:
    """What one picture tells without its kind: PSNR and brightness. Raises BadInput where the sizes differ."""
    if made.shape != truth.shape:
        sizes = " and ".join(f"{bgr.shape[1]}x{bgr.shape[0]}" for bgr in (made, truth))
        raise BadInput(f"what {facts.name} makes of a sample and its truth differ in size: {sizes}")
    return {"psnr": psnr(made, truth, facts), "brightness": float(grey_difference(made, truth).mean())}


def _of_picture(session: Session, case: Case) -> dict[Measure, float]:
    facts, made = session.manifest, make(session, case)
    return {
        **of_one(made, case.truth, facts),
        "checkerboard": checkerboard(made, case.truth, _period(facts)),
        "banding": banding(made, case.truth),
        "flicker": _flicker(session, case),
    }


def _period(facts: Manifest) -> int:
    """Of the lattice that the network's enlarging may leave; an interpolator finds motion at half the size."""
    return max(2, facts.scale)


def _flicker(session: Session, case: Case) -> float:
    """0 where the picture has no room for a clip."""
    shown = list(_shown(session, clip(case, session.manifest)))
    return flicker(shown) if shown else 0.0


def _shown(session: Session, cases: Sequence[Case]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The frames of a clip, (made, truth); those that an interpolator was given are shown as they are."""
    for case in cases:
        if session.interpolates:
            yield case.frames[0], case.frames[0]
        yield make(session, case), case.truth
