"""Pairs of HR pictures and LR ones, named, cut and degraded."""

from __future__ import annotations

import numpy as np
import pytest
from pocketlens.core.errors import BadInput
from pocketlens.distill.evaluate import degrader


def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (49, 65, 3), dtype=np.uint8)


@pytest.mark.parametrize("kind", ["bicubic", "real"])
def test_a_pair_is_of_the_picture_cut_to_the_scale_whatever_its_name(kind: str):
    one, again = (degrader(kind)(name, picture(), 2) for name in ("a.png", "b.png"))
    assert (one.name, one.hr.shape, one.lr.shape, one.digest) == ("a.png", (48, 64, 3), (24, 32, 3), again.digest)


def test_an_unknown_way_is_refused():
    with pytest.raises(BadInput, match=r"unknown degradation 'reel'; did you mean 'real'\?"):
        degrader("reel")
