"""Machines to time two models on: what each turn is slowed down by."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def idle(random: np.random.Generator, turns: int) -> np.ndarray:
    """Lognormal jitter of 2 %, and one turn in fifty twice as slow."""
    return random.normal(0, 0.02, turns) + (random.random(turns) < 0.02) * np.log(2)


def drifting(random: np.random.Generator, turns: int) -> np.ndarray:
    """Slower and faster by half over hundreds of turns, as a clock that follows the heat."""
    return idle(random, turns) + np.cumsum(random.normal(0, 0.03, turns))


def bursts(random: np.random.Generator, turns: int) -> np.ndarray:
    """Half of the time another program runs, for some ten turns at once, and takes a Pareto-tailed share."""
    switches = random.random(turns) < 0.1
    busy = np.cumsum(switches) % 2 == 1
    return random.normal(0, 0.05, turns) + busy * (np.log(2) + 0.3 * random.pareto(2, turns))


def full(random: np.random.Generator, turns: int) -> np.ndarray:
    """Never idle: two programs on two cores, each turn gets about half of one, and neighbours much the same.

    Its spread was set after that of the recorded rounds, and somewhat above it. With 0.35 in place of 0.15 and 0.15 in
    place of 0.05 an earlier rule found 5 of 30 slow-downs of a tenth in 1200 rounds.
    """
    slow = random.normal(0, 1, turns)
    for turn in range(1, turns):
        slow[turn] = 0.8 * slow[turn - 1] + 0.6 * slow[turn]
    return 0.7 + 0.15 * slow + 0.05 * random.standard_t(3, turns)


def throttled(random: np.random.Generator, turns: int) -> np.ndarray:
    """A quota with the rhythm of the rounds: all second turns take twice as long."""
    return idle(random, turns) + np.arange(turns) % 2 * np.log(2)


LOADS = {load.__name__: load for load in (idle, drifting, bursts, full, throttled)}


def timed(name: str, random: np.random.Generator, rounds: int, slowness: float = 1.0) -> np.ndarray:
    """(rounds, 2) seconds of a candidate, but for `slowness` four times as fast, and of the reference."""
    slots = LOADS[name](random, 2 * rounds).reshape(rounds, 2)
    first = random.integers(0, 2, rounds)[:, None]
    return np.array([0.25 * slowness, 1.0]) * np.exp(np.where(first, slots, slots[:, ::-1]))


def recorded(kind: str) -> list[np.ndarray]:
    """(rounds, 2) seconds of sesr-x2 on openvino int8 and onnxruntime fp32, one array for each time they were opened.

    96x96 pixels, one thread, means of three successive rounds with turns of some 0.03 s, on a virtual machine of two
    cores that were training networks at a higher priority: `calm` when about one core was busy, `busy` when both were,
    `slow` so too, but every tenth call of the candidate made twice.
    """
    with np.load(Path(__file__).parent / "core" / "recorded_turns.npz") as series:
        return [series[name].astype(float) for name in series.files if name.startswith(kind)]


def resampled(openings: list[np.ndarray], random: np.random.Generator, rounds: int, block: int = 8) -> np.ndarray:
    """A longer run: blocks of successive rounds from all openings (moving block bootstrap, Künsch, Ann. Stat. 1989)."""
    found: list[np.ndarray] = []
    for _ in range(-(-rounds // block)):
        series = openings[random.integers(len(openings))]
        start = random.integers(len(series) - block + 1)
        found.append(series[start : start + block])
    return np.concatenate(found)[:rounds]
