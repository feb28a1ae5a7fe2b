"""The compute capabilities of a plan, as TensorRT for RTX takes them."""

from __future__ import annotations

import pytest
from pocketlens.core.errors import BadInput
from pocketlens.core.rtx import capability, set_capabilities
from pocketlens.core.tensorrt_watch import make_log

trt = pytest.importorskip("tensorrt_rtx")


def test_one_plan_is_asked_for_all_that_are_named():
    config = trt.Builder(make_log(trt)).create_builder_config()
    set_capabilities(trt, config, ["75", "86", "120"])
    asked = [config.get_compute_capability(index) for index in range(config.num_compute_capabilities)]
    assert asked == [trt.ComputeCapability.SM75, trt.ComputeCapability.SM86, trt.ComputeCapability.SM120]


@pytest.mark.parametrize("name", ["", "8.6", "90", "SM86", "CURRENT"])
def test_what_it_does_not_build_for_is_one_clear_line(name: str):
    with pytest.raises(BadInput, match=f"cannot build for sm '{name}'; it builds for 75, 80, 86, 89, 120"):
        capability(trt, name)
