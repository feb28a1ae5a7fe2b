"""Every student holds to the contract of networks."""

from __future__ import annotations

import pytest
from network_contract import Case, InterpolatorContract, UpscalerContract, cases
from pocketlens.core.catalog import STUDENTS


class TestUpscalingStudents(UpscalerContract):
    @pytest.fixture(params=cases(STUDENTS, task="upscale"))
    def case(self, request: pytest.FixtureRequest) -> Case:
        return request.param


class TestInterpolatingStudents(InterpolatorContract):
    @pytest.fixture(params=cases(STUDENTS, task="interpolate"))
    def case(self, request: pytest.FixtureRequest) -> Case:
        return request.param
