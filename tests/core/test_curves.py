"""What is kept of a training run tells its curves, however long it was."""

from __future__ import annotations

import math
from itertools import pairwise

from pocketlens.core.curves import thinned


def test_a_long_run_is_told_from_its_first_step_to_its_last_in_a_few_rows():
    steps = [row["step"] for row in thinned([{"step": step} for step in range(1, 5001)])]
    gaps = {after - before for before, after in pairwise(steps)}
    assert steps[0] == 1 and steps[-1] == 5000 and len(steps) <= 60
    assert max(gaps) - min(gaps) <= 1


def test_a_short_run_is_kept_whole_and_only_numbers_are():
    rows = [{"step": 1, "psnr_y": 30.5, "note": "a", "best": True}, {"step": 2, "psnr_y": math.nan}, {"seconds": 1}]
    assert thinned(rows) == [{"step": 1, "psnr_y": 30.5}, {"step": 2}]
    assert thinned([]) == []
