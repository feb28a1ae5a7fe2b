"""The flat surface answers as the table says, in Python and in C."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from bundles import make_bundle, nearest_graph
from driven import Driven
from interpolators import make_interpolator
from pocketlens.runtime import api

CASES = tomllib.loads(Path(__file__).with_name("conformance.toml").read_text(encoding="utf-8"))["case"]
OPTIONS = {"engine": "onnxruntime", "threads": 1}
FUNCTIONS = {name for name in api.__all__ if callable(getattr(api, name)) and name[0].islower()} - {"describe"}


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str | None]:
    folder = tmp_path_factory.mktemp("bundles")
    upscaler = make_bundle(folder / "upscaler.plens", graphs={"fp32": nearest_graph(1)})
    interpolator = make_interpolator(folder / "interpolator.plens", align=4)
    return {"upscaler": str(upscaler), "interpolator": str(interpolator), "null": None}


def descriptor(told: Any) -> Any:
    """A frame of the table over memory of its own."""
    if told == "null":
        return None
    facts = dict(told)
    memory = bytearray([facts.pop("fill", 0)]) * facts.pop("bytes")
    if isinstance(facts["format"], str):
        facts["format"] = api.PixelFormat[facts["format"]]
    if "time_base" in facts:
        facts["time_base"] = Fraction(*facts["time_base"])
    return api.Descriptor(memory, **facts)


class Caller:
    """Makes the calls of one case."""

    def __init__(self, face: Any, bundles: dict[str, str | None]) -> None:
        self.face, self.bundles, self.handle = face, bundles, 0

    def make(self, function: str, *told: Any) -> None:
        """Make a call, and hold what it answers against what the table says."""
        if function == "last_error":
            assert told[0] in self.face.last_error(self.handle)
            return
        place = next(place for place, item in enumerate(told) if str(item) in api.Status.__members__)
        arguments, status, given = told[:place], told[place], told[place + 1 :]
        answered, found = getattr(self, f"_{function}", self._plain(function))(*arguments)
        assert api.Status(answered).name == status, self.face.last_error(self.handle)
        for expected in given:
            if isinstance(expected, dict):
                found = {name: getattr(found, name) for name in expected}
            assert found == expected

    def _plain(self, function: str) -> Any:
        def made(*arguments: Any) -> tuple[int, Any]:
            given = [None if item == "null" else item for item in arguments]
            answered = getattr(self.face, function)(self.handle, *given)
            return answered if isinstance(answered, tuple) else (answered, None)

        return made

    def _create(self, bundle: str) -> tuple[int, Any]:
        status, self.handle = self.face.create(self.bundles.get(bundle, bundle), OPTIONS)  # type: ignore[arg-type]
        return status, None

    def _push(self, told: Any) -> tuple[int, Any]:
        return self.face.push(self.handle, descriptor(told)), None

    def _pull(self, told: Any) -> tuple[int, Any]:
        out = descriptor(told)
        return self.face.pull(self.handle, out), out


@pytest.fixture(scope="module", params=["python", "c"])
def face(request: pytest.FixtureRequest) -> Iterator[Any]:
    if request.param == "python":
        yield api
        return
    program = Driven(request.getfixturevalue("driver"))
    yield program
    assert program.close() == ""


@pytest.fixture
def caller(face: Any, bundles: dict[str, str | None], capfd: pytest.CaptureFixture[str]) -> Iterator[Caller]:
    yield Caller(face, bundles)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_every_call_is_answered_as_the_table_says(case: dict[str, Any], caller: Caller):
    for number, call in enumerate(case["calls"]):
        try:
            caller.make(*call)
        except AssertionError as error:
            raise AssertionError(f"call {number}, {call}: {error}") from error


def test_the_table_calls_every_function():
    called = {call[0] for case in CASES for call in case["calls"]}
    assert called == FUNCTIONS - {"status_string", "version"}


def test_every_status_is_told_in_a_line_of_its_own(face: Any):
    told = {face.status_string(status) for status in api.Status}
    assert len(told) == len(api.Status)
    assert all(line and "\n" not in line for line in told)
    assert {face.status_string(other) for other in (17, -1)} == {"no such status"}


def test_what_is_no_status_is_told_as_such():
    assert {api.status_string(other) for other in (None, "OK", [])} == {"no such status"}  # type: ignore[arg-type]
