"""Is a model as good as when it was sealed? The pictures are the same, so only their differences count."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .errors import BadInput
from .verdict import Judgement, Verdict

ROUNDING = 0.005
"""Decibels or grey levels that engines and machines may differ by, on top of what is allowed."""
_OUTSIDE = 0.05
"""Share of intervals that miss the mean."""
_ALL = 12
"""Pictures of which every subset is taken; of more, as many subsets are drawn."""


def interval(differences: np.ndarray, outside: float = _OUTSIDE) -> tuple[float, float]:
    """Where the mean lies of all that (n,) differences were drawn from; a share `outside` of intervals misses it.

    The quantiles of the means of all subsets: exact for any n where the differences are symmetric, without a
    distribution to assume (Hartigan, Using subsample values as typical values, JASA 64, 1969), and nearly so where
    not. Fewer than six values cannot be as sure as 95 %, and give their least and greatest.
    """
    count = len(differences)
    if count <= _ALL:
        taken = (np.arange(1, 1 << count)[:, None] >> np.arange(count)) & 1
    else:
        taken = np.random.default_rng(0).integers(0, 2, ((1 << _ALL) - 1, count))
        taken = taken[taken.any(axis=1)]
    means = np.sort(taken @ differences / taken.sum(axis=1))
    # k means lie between n + 1 equally likely places for the truth.
    outer = max(int(outside / 2 * (len(means) + 1)), 1)
    return float(means[outer - 1]), float(means[-outer])


def judge(differences: np.ndarray, allowed: float, allowed_worst: float) -> Judgement:
    """(n,) differences, new minus sealed score of each picture, higher is better -> verdict on their mean.

    As `judge_these`, but the mean is to hold for other pictures, too, which is uncertain: the interval says how much.
    """
    found, least = judge_these(differences, allowed, allowed_worst), -(allowed + ROUNDING)
    if found.why or not found.low < least <= found.high:
        return found
    return replace(found, verdict=Verdict.UNDECIDED, why="the pictures differ too much among themselves: give more")


def judge_these(differences: np.ndarray, allowed: float, allowed_worst: float) -> Judgement:
    """(n,) differences of these pictures, higher is better -> verdict on their mean, which is a fact of them.

    `allowed` is the mean loss that passes, `allowed_worst` the loss of any one picture, both from 0 up in the unit of
    the differences. That one of them got worse fails, too: a seam in one picture of twelve hides in a mean. The
    interval only tells. Raises BadInput for no differences, and for one that is not a number: cap the score of a
    perfect picture.
    """
    if not len(differences) or not np.isfinite(differences).all():
        raise BadInput("no accuracy to judge: give one finite difference for each picture, and at least one picture")
    value, (low, high) = float(np.mean(differences)), interval(differences)
    if differences.min() < -(allowed_worst + ROUNDING):
        picture = int(np.argmin(differences))
        why = f"picture {picture + 1} of {len(differences)} lost {-differences[picture]:.3g}, allowed {allowed_worst:g}"
        return Judgement(value, low, high, Verdict.FAIL, why)
    return Judgement(value, low, high, Verdict.PASS if value >= -(allowed + ROUNDING) else Verdict.FAIL)
