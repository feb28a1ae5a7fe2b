"""An interval for the centre of noisy values that may be looked at after each of them, and stays true."""

from __future__ import annotations

import numpy as np

SETTLE = 8
"""First values, which only set the scale."""
_ERROR = 0.005
_TAIL = 2.0
"""Median deviations beyond which a value counts no more for being further out."""
_BETS = np.array([0.02, 0.05, 0.1, 0.2, 0.4, 0.8])
"""Shares of the wealth that are put on the next value, from patient to bold."""


def interval(values: np.ndarray, error: float = _ERROR) -> tuple[float, float]:
    """Where the centre of (n,) values lies; either end is ever wrong, after any n, with a chance of at most `error`.

    Each value is to lie as likely above the centre as below by the same distance, given those before it; the
    distance may depend on them in any way. That is what a random order of turns gives, so loads that are heavy-tailed
    or go on for many rounds do no harm. A gambler bets in every round that it lies above g; where the centre is g or
    less, the wealth grows 1/error-fold with a chance of at most `error` (Ville 1939), and g is refuted when it did.
    Betting on bounded values: Waudby-Smith and Ramdas, JRSS-B 86, 2024; the mixture of bets: Robbins, Ann. Math.
    Stat. 41, 1970; the bounded score: Huber, Ann. Math. Stat. 35, 1964.
    """
    if len(values) <= SETTLE:
        return -np.inf, np.inf
    scales = _scales(values)
    low = _least_held(values, scales, error)
    return low, -_least_held(-values, scales, error)


def _scales(values: np.ndarray) -> np.ndarray:
    """Spread of the values before each one, from the last power of two: a bet must not know what it is on."""
    scales, known = np.empty(len(values)), SETTLE
    while known < len(values):
        past = values[:known]
        scales[known : 2 * known] = max(_TAIL * float(np.median(abs(past - np.median(past)))), 1e-9)
        known *= 2
    return scales[SETTLE:]


def _least_held(values: np.ndarray, scales: np.ndarray, error: float) -> float:
    """The least centre that is not refuted as too low; -inf if none is."""
    low, high = float(values.min() - scales.max()), float(values.max())
    if not _refuted(values, scales, low, error):
        return -np.inf
    while high - low > 1e-4:
        middle = (low + high) / 2
        low, high = (middle, high) if _refuted(values, scales, middle, error) else (low, middle)
    return low


def _refuted(values: np.ndarray, scales: np.ndarray, centre: float, error: float) -> bool:
    """Whether betting that values lie above `centre` ever made 1/error of each coin."""
    scores = np.clip((values[SETTLE:] - centre) / scales, -1, 1)
    wealth = np.cumsum(np.log1p(np.outer(_BETS, scores)), axis=1)
    return bool(np.logaddexp.reduce(wealth, axis=0).max() >= np.log(len(_BETS) / error))
