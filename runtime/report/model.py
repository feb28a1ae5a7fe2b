"""Everything that a report tells of one model, measured where the report is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...core.bundle import Bundle
from ...core.cases import SAMPLES, Case, by_name, from_folder, from_samples
from ...core.errors import BadInput, MachineCannot
from ...core.manifest import Manifest
from ...core.progress import progress
from ...core.verdict import Verdict, overall
from ..bench import Timed, summary, take_turns
from ..choose import AUTO, choices
from ..contract.measured import fastest
from ..contract.memory import peak_mib
from ..contract.scores import psnr
from ..contract.verify import Examined, Key, examine
from ..resolve import open_bundle
from .simple import simple

_ROUNDS = 40


@dataclass(frozen=True)
class Opened:
    """A model to tell of, and what to show it."""

    label: str
    bundle: Bundle
    sets: Mapping[str, list[Case]]
    """By name, its own samples first."""

    @property
    def manifest(self) -> Manifest:
        """What its bundle says of it."""
        return self.bundle.manifest


@dataclass(frozen=True)
class Facts:
    """What was found."""

    model: Opened
    examined: Examined
    plain: Mapping[str, float]
    """Mean PSNR in dB that the simple method reaches, by the name of the set."""
    timed: Timed
    speed: dict[str, Any]
    """As `bench` tells it."""
    memory: Mapping[Key, float]
    """MiB at most, of the fastest way of each engine."""

    @property
    def verdict(self) -> Verdict:
        """Of all limits."""
        return overall(row.verdict for row in self.examined.rows)


def open_models(models: Sequence[str], folders: Sequence[Path]) -> list[Opened]:
    """The models by what is given on a command line, each with the folders that its task can use.

    Raises as `open_bundle`, and BadInput for a folder that none can use.
    """
    bundles, named = [open_bundle(model) for model in models], by_name(folders)
    names = [bundle.manifest.name for bundle in bundles]
    opened = []
    for model, bundle, name in zip(models, bundles, names, strict=True):
        samples = from_samples(bundle)
        sets = {SAMPLES: samples} if samples else {}
        for folder_name, folder in named.items():
            with suppress(BadInput):
                sets[folder_name] = from_folder(folder, bundle.manifest)
        label = name if names.count(name) == 1 else model
        opened.append(Opened(label, bundle, sets))
    for name, folder in named.items():
        if not any(name in each.sets for each in opened):
            from_folder(folder, bundles[0].manifest)
    return opened


def gather(model: Opened, size: tuple[int, int], threads: int, seconds: float, quiet: bool) -> Facts:
    """Measure a model: against its limits, its latency on pictures of `size`, and its memory.

    `seconds` are for the limit on latency. Raises MachineCannot where no engine is usable.
    """
    bundle = model.bundle
    steps = len(choices(bundle.manifest)[0]) + len(fastest(bundle))
    with progress(f"measuring {model.label}", steps, quiet) as advance:
        examined = examine(bundle, None, model.sets, AUTO, threads, seconds, advance)
    timed = take_turns(bundle, size, [], threads, _ROUNDS, quiet)
    plain = {
        name: float(np.mean([psnr(simple(case), case.truth, bundle.manifest) for case in cases]))
        for name, cases in model.sets.items()
    }
    return Facts(model, examined, plain, timed, summary(bundle, timed), _memory(bundle, size, threads))


def _memory(bundle: Bundle, size: tuple[int, int], threads: int) -> dict[Key, float]:
    found = {}
    for choice in fastest(bundle):
        with suppress(MachineCannot):
            if mib := peak_mib(bundle, choice.name, choice.precision, threads, size):
                found[choice.name, choice.precision] = mib
    return found
