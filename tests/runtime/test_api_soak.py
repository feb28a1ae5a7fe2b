"""The flat surface for a long time: frames of all sizes, resets, errors."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest
from bundles import make_bundle
from interpolators import make_interpolator, moving_graph
from pocketlens.runtime import api, handles
from pocketlens.runtime.api import Descriptor, PixelFormat, Status

FRAMES = 20_000
GROWTH = 2 << 10
"""Kilobytes that the second half may add."""
BLOCKS = 2000
"""Pieces of memory of Python that it may add; one for each frame would be 10,000."""


def kilobytes() -> int:
    """Memory that this process holds."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def opened(bundle: Path) -> int:
    status, handle = api.create(str(bundle), {"engine": "onnxruntime", "threads": 1, "keep": "newest"})
    assert (status, api.load(handle)) == (Status.OK, Status.OK)
    return handle


def step(chance: random.Random, handle: int, pts: int) -> int:
    """A frame and what goes wrong with others; the number of frames that came out."""
    form, width, height = chance.choice(list(PixelFormat)), chance.randint(1, 16), chance.randint(1, 16)
    memory = bytearray(chance.randbytes(4 * width * height + 64))
    assert api.push(handle, Descriptor(memory, form, width, height, pts=pts)) == Status.OK
    assert api.push(handle, Descriptor(memory, form, 999, height)) == Status.BAD_FRAME
    if chance.random() < 0.1:
        assert chance.choice([api.reset, api.flush])(handle) == Status.OK
    out = Descriptor(bytearray(1 << 12), form, 1, 1)
    made = 0
    while (status := api.pull(handle, out)) not in (Status.AGAIN, Status.END):
        made += status == Status.OK
    return made


@pytest.mark.long
def test_memory_is_flat_and_no_handle_is_lost(tmp_path: Path):
    upscaler = make_bundle(tmp_path / "upscaler.plens")
    interpolator = make_interpolator(tmp_path / "between.plens", {("fp32", "motion"): moving_graph(1)}, align=4)
    chance, before, live = random.Random(0), set(handles._HANDLES), [opened(upscaler), opened(interpolator)]
    made = settled = blocks = 0
    for number in range(FRAMES):
        if number % 500 == 0:
            replaced = chance.randrange(2)
            assert api.destroy(live[replaced]) == Status.OK
            live[replaced] = opened((upscaler, interpolator)[replaced])
        made += step(chance, live[number % 2], number)
        if number == FRAMES // 2:
            settled, blocks = kilobytes(), sys.getallocatedblocks()
    assert made > FRAMES // 3
    assert kilobytes() - settled < GROWTH
    assert sys.getallocatedblocks() - blocks < BLOCKS
    assert set(handles._HANDLES) == before | set(live)
    assert [api.destroy(handle) for handle in live] == [Status.OK, Status.OK]
    assert set(handles._HANDLES) == before
