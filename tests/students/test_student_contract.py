"""Every student holds to the contract of networks."""

from __future__ import annotations

import pytest
from network_contract import Case, NetworkContract, cases
from pocketlens.core.catalog import STUDENTS


class TestStudents(NetworkContract):
    @pytest.fixture(params=cases(STUDENTS))
    def case(self, request: pytest.FixtureRequest) -> Case:
        return request.param
