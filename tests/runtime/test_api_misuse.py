"""Misuse of the flat surface ends as a status."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pocketlens
import pytest
from bundles import make_bundle, nearest_graph
from hypothesis import given, settings
from hypothesis import strategies as st
from pocketlens.runtime import api
from pocketlens.runtime.api import Descriptor, PixelFormat, Status

FRAME = Descriptor(bytes(12), PixelFormat.BGR24, 2, 2)
NO_HANDLE = st.integers().filter(lambda number: not 0 < number < 1 << 20)
OTHERS = [st.none(), st.floats(), st.text(max_size=5), st.booleans(), st.binary(max_size=4)]
LISTS = [st.lists(st.integers(), max_size=2), st.sampled_from([object(), {}, ..., pow(10, 5000), "\ud800", "engine"])]
ODD = st.one_of(NO_HANDLE, *OTHERS, *LISTS)
ARGUMENTS = {
    **dict.fromkeys((api.load, api.flush, api.reset, api.destroy), 1),
    **dict.fromkeys((api.push, api.pull, api.get_i32, api.get_f32, api.get_str), 2),
    **dict.fromkeys((api.set_i32, api.set_f32, api.set_str), 3),
}


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return make_bundle(tmp_path / "luma.plens", graphs={"fp32": nearest_graph(1)})


@pytest.fixture
def handle(bundle: Path) -> Iterator[int]:
    status, handle = api.create(str(bundle), {"engine": "onnxruntime", "threads": 1})
    assert (status, api.load(handle)) == (Status.OK, Status.OK)
    yield handle
    assert api.destroy(handle) == Status.OK


def status_of(answered: Any) -> Status:
    return answered[0] if isinstance(answered, tuple) else answered


@given(call=st.sampled_from(list(ARGUMENTS)), given=st.tuples(ODD, ODD, ODD))
@settings(max_examples=300, deadline=None)
def test_what_is_no_handle_is_told_so(call: Callable[..., Any], given: tuple[Any, ...]):
    assert status_of(call(*given[: ARGUMENTS[call]])) == Status.BAD_HANDLE
    assert "no such handle" in api.last_error(given[0])


@given(call=st.sampled_from([*ARGUMENTS][4:]), given=st.tuples(ODD, ODD))
@settings(max_examples=300, deadline=None)
def test_arguments_of_any_kind_end_as_a_status(call: Callable[..., Any], given: tuple[Any, ...]):
    handle = api.create("sesr-x2")[1]
    status = status_of(call(handle, *given[: ARGUMENTS[call] - 1]))
    if status == Status.OK:
        assert given[0] == "engine"
    else:
        assert status in (Status.BAD_KEY, Status.BAD_VALUE, Status.BAD_STATE)
        assert "\n" not in api.last_error(handle).encode().decode()
    assert api.destroy(handle) == Status.OK


@given(bundle=ODD, options=ODD, key=ODD, value=ODD)
@settings(max_examples=200, deadline=None)
def test_a_handle_is_made_of_names_and_settings_alone(bundle: Any, options: Any, key: Any, value: Any):
    keyed: Any = {key: value} if isinstance(key, str | int | None) else options
    for passed in (options, keyed):
        status, handle = api.create(bundle, passed)
        assert (status == Status.OK) == (handle != 0)
        assert status in (Status.OK, Status.BAD_VALUE, Status.BAD_KEY)
        if status == Status.OK:
            assert isinstance(bundle, str)
            assert api.load(handle) in (Status.BAD_BUNDLE, Status.BAD_VALUE)
            assert api.destroy(handle) == Status.OK


class Hostile:
    """Fails at whatever is asked of it."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __repr__(self) -> str:
        raise RuntimeError("repr")

    def __hash__(self) -> int:
        raise RuntimeError("hash")


def test_objects_that_fail_at_everything_are_survived(handle: int):
    hostile: Any = Hostile()
    assert api.create(hostile)[1] == 0
    assert api.create("sesr-x2", hostile)[1] == 0
    assert api.create("sesr-x2", {"engine": hostile})[1] == 0
    for call in (api.push, api.pull, api.get_i32, api.get_str):
        assert status_of(call(handle, hostile)) in (Status.BAD_FRAME, Status.BAD_KEY, Status.AGAIN, Status.INTERNAL)
    for name in ("data", "format", "width", "strides", "matrix", "pts", "time_base"):
        frame = Descriptor(bytes(3), PixelFormat.BGR24, 1, 1)
        setattr(frame, name, hostile)
        assert api.push(handle, frame) in (Status.BAD_FRAME, Status.INTERNAL)


def test_a_call_into_a_handle_that_is_in_a_call_is_told_so(handle: int, monkeypatch: pytest.MonkeyPatch):
    inside, leave = threading.Event(), threading.Event()

    def slow(*_: Any) -> Any:
        inside.set()
        leave.wait(10)
        raise MemoryError

    monkeypatch.setattr(api, "taken", slow)
    answered: list[Status] = []
    thread = threading.Thread(target=lambda: answered.append(api.push(handle, FRAME)))
    thread.start()
    assert inside.wait(10)
    assert [api.reset(handle), api.destroy(handle)] == [Status.BUSY, Status.BUSY]
    assert api.last_error(handle) == "another thread is in a call with this handle"
    leave.set()
    thread.join()
    assert answered == [Status.OUT_OF_MEMORY]


def test_a_fault_of_ours_is_told_as_one_and_the_handle_lives_on(handle: int, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as broken:
        broken.setattr(api, "taken", lambda *_: 1 / 0)
        assert api.push(handle, FRAME) == Status.INTERNAL
    assert api.last_error(handle) == "ZeroDivisionError: division by zero"
    assert api.push(handle, FRAME) == Status.OK


def test_handles_are_never_given_twice(bundle: Path):
    handles = set()
    for _ in range(5):
        handle = api.create(str(bundle))[1]
        handles.add(handle)
        api.destroy(handle)
    assert len(handles) == 5 and 0 not in handles


def test_the_version_is_that_of_the_package():
    assert api.version() == pocketlens.__version__
