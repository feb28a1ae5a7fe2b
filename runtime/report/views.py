"""Pictures, what models make of them, and where that is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

import cv2
import numpy as np

from ...core import picture
from ...core.cases import SAMPLES, Case, digest
from ...core.colour import grey_difference
from ...core.errors import MachineCannot
from ..choose import AUTO, choices
from ..contract.scores import make, psnr
from ..session import Session
from .model import Opened
from .simple import NAMES, simple

TRUTH = "truth"
MOST_WRONG, MOST_APART = 32, 8
"""Grey levels that are brightest on a map of what differs from the truth, and of int8 from fp32."""
_SHOWN, _SHOWN_AFTER = 4, 2
"""Of a set, and of the samples after a set of the owner: from the one that the model does worst to the best."""
_CONSIDERED = 24
_SIDE = 192
"""Pixels a side of what is shown of a larger picture."""
_PRECISIONS = ("fp32", "int8")

Views = dict[str, np.ndarray]
"""uint8 (H, W, 3) BGR by label."""


@dataclass
class Comparison:
    """One picture: what the simple method and each model make of it, and the truth."""

    source: str
    """The set that it is of."""
    views: Views
    errors: Views = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    """Of views and errors, by label."""


@dataclass(frozen=True)
class _Set:
    """Pictures to choose from, by their digest, and how many to show of them."""

    name: str
    cases: Mapping[str, Case]
    shown: int


@dataclass(frozen=True)
class _Way:
    """A model in one precision."""

    model: Opened
    precision: str
    session: Session

    @property
    def label(self) -> str:
        return f"{self.model.label} {self.precision}"


def compare(models: Sequence[Opened], threads: int) -> list[Comparison]:
    """Some pictures of each model's sets; models that have the same pictures share them."""
    with ExitStack() as opened:
        ways = [way for model in models for way in _ways(model, threads, opened)]
        sets = {model.label: _considered(model) for model in models}
        chosen: dict[str, tuple[str, Case]] = {}
        for model in models:
            own = [way for way in ways if way.model is model]
            for one in sets[model.label] if own else []:
                if not one.cases.keys() & chosen.keys():
                    chosen |= {key: (one.name, one.cases[key]) for key in _spread(own[0], one)}
        known = {label: {key for one in found for key in one.cases} for label, found in sets.items()}
        return [
            _comparison(name, case, [way for way in ways if key in known[way.model.label]])
            for key, (name, case) in chosen.items()
        ]


def _ways(model: Opened, threads: int, opened: ExitStack) -> Iterable[_Way]:
    """The precisions to show, each on the engine that is best for it here."""
    for precision in _PRECISIONS:
        if precision in model.manifest.precisions():
            try:
                choice = choices(model.manifest, AUTO, precision)[0][0]
                session = Session.open(model.bundle, choice.name, precision, threads)
            except MachineCannot:
                continue  # the limits say why
            yield _Way(model, precision, opened.enter_context(session))


def _considered(model: Opened) -> list[_Set]:
    """Those of the owner, and after them the samples, which mean less to them."""
    names = sorted(model.sets, key=lambda name: name == SAMPLES)
    return [
        _Set(
            name,
            {digest([case]): case for case in model.sets[name][:_CONSIDERED]},
            _SHOWN_AFTER if name == SAMPLES and names[1:] else _SHOWN,
        )
        for name in names
    ]


def _spread(way: _Way, among: _Set) -> list[str]:
    def score(key: str) -> float:
        return psnr(make(way.session, among.cases[key]), among.cases[key].truth, way.model.manifest)

    ranked = sorted(among.cases, key=score)
    places = np.linspace(0, len(ranked) - 1, min(among.shown, len(ranked))).round().astype(int)
    return [ranked[place] for place in places]


def _comparison(source: str, case: Case, ways: Sequence[_Way]) -> Comparison:
    facts = ways[0].model.manifest
    made = {NAMES[facts.task]: simple(case), **{way.label: make(way.session, case) for way in ways}, TRUTH: case.truth}
    wrong = {label: grey_difference(bgr, case.truth) for label, bgr in made.items() if label != TRUTH}
    square = picture.busiest_square(_grey(np.abs(wrong[ways[0].label])), _SIDE)
    found = Comparison(source, {label: bgr[square] for label, bgr in made.items()})
    for label, error in wrong.items():
        found.notes[label] = f"{psnr(made[label], case.truth, facts):.2f} dB"
        _map(found, f"{label} less truth", error[square], MOST_WRONG)
    for whole, coarse in _pairs(ways):
        apart = grey_difference(made[coarse], made[whole])
        _map(found, f"{coarse} less {whole.rpartition(' ')[2]}", apart[square], MOST_APART)
    return found


def _pairs(ways: Sequence[_Way]) -> list[tuple[str, str]]:
    """The labels of fp32 and int8 of each model that has both."""
    labels = {(way.model.label, way.precision): way.label for way in ways}
    return [
        (labels[name, "fp32"], label)
        for (name, precision), label in labels.items()
        if precision == "int8" and (name, "fp32") in labels
    ]


def _map(found: Comparison, label: str, error: np.ndarray, most: float) -> None:
    size = np.abs(error)
    found.errors[label] = cv2.applyColorMap(_grey(size * 255 / most), cv2.COLORMAP_INFERNO)[..., :3]
    found.notes[label] = f"mean {size.mean():.2f}, most {size.max():.0f} levels"


def _grey(levels: np.ndarray) -> np.ndarray:
    """Levels as a grey picture, uint8 (H, W, 3)."""
    return cv2.cvtColor(np.clip(np.rint(levels), 0, 255).astype(np.uint8), cv2.COLOR_GRAY2BGR)
