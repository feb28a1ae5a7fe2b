"""One answer of many."""

import pytest
from pocketlens.core.verdict import Verdict, overall

PASS, FAIL, UNDECIDED = Verdict.PASS, Verdict.FAIL, Verdict.UNDECIDED


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [([PASS, PASS], PASS), ([PASS, UNDECIDED], UNDECIDED), ([UNDECIDED, FAIL, PASS], FAIL), ([], PASS)],
)
def test_a_failure_outweighs_a_doubt_and_a_doubt_what_passed(verdicts, expected):
    assert overall(verdicts) == expected
