"""The fixture `pocketlens_contract` for pytest: a product's own suite fails where its model breaks its limits."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import pytest


class Check(Protocol):
    """Holds a model to its limits, as `pocketlens verify` does, and fails the test that calls it."""

    def __call__(
        self,
        model: str | Path,
        *,
        baseline: str | Path | None = None,
        data: Sequence[str | Path] = (),
        strict: bool = False,
        engine: str = "auto",
        threads: int = 1,
        seconds: float = 30.0,
    ) -> None: ...


class Undecided(UserWarning):
    """A limit on which there is no answer here."""


@pytest.fixture(scope="session")
def pocketlens_contract() -> Check:
    """`pocketlens_contract("model.plens")` fails with the limits that the model does not keep."""
    return _check


def _check(
    model: str | Path,
    *,
    baseline: str | Path | None = None,
    data: Sequence[str | Path] = (),
    strict: bool = False,
    engine: str = "auto",
    threads: int = 1,
    seconds: float = 30.0,
) -> None:
    # What pytest loads in every project must not import the runtime in all of them.
    from ...core.errors import PocketlensError
    from ...core.verdict import Verdict
    from ..resolve import open_bundle
    from .verify import verify

    try:
        other = open_bundle(str(baseline)) if baseline else None
        rows = verify(open_bundle(str(model)), other, [Path(folder) for folder in data], engine, threads, seconds)
    except PocketlensError as error:
        pytest.fail(str(error), pytrace=False)
    open_ = [row.told() for row in rows if row.verdict == Verdict.UNDECIDED]
    failed = [row.told() for row in rows if row.verdict == Verdict.FAIL] + (open_ if strict else [])
    if failed:
        pytest.fail("\n".join([f"{model} does not keep {len(failed)} of {len(rows)} limits:", *failed]), pytrace=False)
    if open_:
        warnings.warn(Undecided("\n".join([f"{model}: undecided:", *open_])), stacklevel=2)
