"""Every teacher holds to the contract of networks."""

from __future__ import annotations

import pytest
from network_contract import Case, InterpolatorContract, UpscalerContract, cases
from pocketlens.core.catalog import TEACHERS


class TestUpscalingTeachers(UpscalerContract):
    @pytest.fixture(params=cases(TEACHERS, task="upscale"))
    def case(self, request: pytest.FixtureRequest) -> Case:
        return request.param


class TestInterpolatingTeachers(InterpolatorContract):
    @pytest.fixture(params=cases(TEACHERS, task="interpolate"))
    def case(self, request: pytest.FixtureRequest) -> Case:
        return request.param
