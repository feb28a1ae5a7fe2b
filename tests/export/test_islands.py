"""Float islands grow until int8 costs no more than its limit, and no further."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
import pytest
from graphs import spoilt
from pocketlens.core.catalog import NETWORKS
from pocketlens.export.calibration import Case, on_pictures
from pocketlens.export.islands import with_islands

LIMIT = 0.5


def cases() -> list[Case]:
    """One noisy picture, and its half."""
    sesr = NETWORKS.get("sesr")
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    return on_pictures([noise], sesr.spec(sesr.options())).scored


@pytest.mark.parametrize(("harmless_from", "rungs"), [(0, [0]), (1, [0, 1]), (2, [0, 1, 2])])
def test_islands_stop_at_the_first_that_is_good_enough(build, harmless_from: int, rungs: list[int]):
    graph, tried = build("sesr", "fp32"), []

    def quantizer(islands: Sequence[str]) -> onnx.ModelProto:
        tried.append(len(islands))
        return spoilt(graph, 0.0 if len(islands) >= harmless_from else 0.2)

    with_islands(graph, [], cases(), LIMIT, quantizer)
    assert tried == rungs


def test_the_last_rung_is_taken_where_none_is_good_enough(build):
    graph, tried = build("sesr", "fp32"), []

    def quantizer(islands: Sequence[str]) -> onnx.ModelProto:
        tried.append(list(islands))
        return spoilt(graph, 0.2)

    with_islands(graph, ["kept"], cases(), LIMIT, quantizer)
    assert all("kept" in islands for islands in tried)
    assert len(tried[-1]) == 1 + 2, "one of three convolutions is left in int8"
