"""Every teacher holds to the contract of networks."""

from __future__ import annotations

import pytest
from network_contract import Case, NetworkContract, cases
from pocketlens.core.catalog import TEACHERS


class TestTeachers(NetworkContract):
    @pytest.fixture(params=cases(TEACHERS))
    def case(self, request: pytest.FixtureRequest) -> Case:
        return request.param
