"""Whatever a C program does wrong, it is told so, and nothing else happens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import cffi
import pytest
from bundles import make_bundle, nearest_graph
from guarded import guarded
from pocketlens.runtime import api
from pocketlens.runtime.api import PixelFormat, Status
from pocketlens.runtime.capi.declarations import declarations, served

HANDLED = [name for name in served() if name not in ("create", "last_error", "status_string", "version")]


@pytest.fixture(scope="module")
def ffi() -> Any:
    made = cffi.FFI()
    made.cdef(declarations().replace('extern "Python" ', "").replace("python_", "pocketlens_"))
    made.cdef("void pocketlens_set_log(pocketlens_log log, void *user);")
    return made


@pytest.fixture(scope="module")
def c(ffi: Any, library: Path) -> Any:
    """The library, in a process that has its own Python already."""
    return ffi.dlopen(str(library / "libpocketlens.so"))


@pytest.fixture
def model(ffi: Any, c: Any, tmp_path: Path) -> Iterator[Any]:
    place = ffi.new("pocketlens **")
    bundle = make_bundle(tmp_path / "upscaler.plens", graphs={"fp32": nearest_graph(1)})
    assert c.pocketlens_create(str(bundle).encode(), place) == Status.OK
    assert c.pocketlens_set_str(place[0], b"engine", b"onnxruntime") == Status.OK
    assert c.pocketlens_set_i32(place[0], b"threads", 1) == Status.OK
    assert c.pocketlens_load(place[0]) == Status.OK
    yield place[0]
    c.pocketlens_destroy(place[0])


def line(ffi: Any, c: Any, handle: Any) -> str:
    told = ffi.new("char[]", 1000)
    c.pocketlens_last_error(handle, told, 1000)
    return ffi.string(told).decode()


def frame(ffi: Any, form: PixelFormat, across: int, down: int, *planes: Any, **facts: Any) -> Any:
    sized = {"struct_size": ffi.sizeof("pocketlens_frame"), "format": form, "width": across, "height": down}
    made = ffi.new("pocketlens_frame *", sized | facts)
    for place, plane in enumerate(planes):
        made.planes[place] = ffi.from_buffer(plane)
    return made


def call(ffi: Any, c: Any, name: str, handle: Any, given: dict[str, Any] | None = None) -> Any:
    """Call a function with a handle and, for each kind of argument, what is given or NULL or 0."""
    function = getattr(c, f"pocketlens_{name}")
    kinds = ffi.typeof(function).args[1:]
    nothing = {"pointer": ffi.NULL, "primitive": 0}
    return function(handle, *((given or {}).get(kind.cname, nothing[kind.kind]) for kind in kinds))


@pytest.mark.parametrize("name", HANDLED)
def test_a_handle_that_is_none_is_known_by_every_call(ffi: Any, c: Any, name: str):
    for handle in (ffi.NULL, ffi.cast("pocketlens *", 1 << 60)):
        assert call(ffi, c, name, handle) == Status.BAD_HANDLE
        assert line(ffi, c, handle) == "no such handle; it was never created, or is destroyed"


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("get_i32", Status.BAD_VALUE),
        ("get_f32", Status.BAD_VALUE),
        ("get_str", Status.BAD_KEY),
        ("push", Status.BAD_FRAME),
        ("pull", Status.BAD_FRAME),
    ],
)
def test_null_is_refused(ffi: Any, c: Any, model: Any, name: str, status: Status):
    assert call(ffi, c, name, model) == status
    assert line(ffi, c, model)


def test_create_needs_a_place_for_the_handle_and_a_bundle(ffi: Any, c: Any):
    assert c.pocketlens_create(b"sesr-x2", ffi.NULL) == Status.BAD_VALUE
    assert "NULL" in line(ffi, c, ffi.NULL)
    place = ffi.new("pocketlens **", ffi.cast("pocketlens *", 5))
    assert c.pocketlens_create(ffi.NULL, place) == Status.BAD_VALUE
    assert place[0] == ffi.NULL


@pytest.mark.parametrize("name", HANDLED)
def test_a_fault_inside_never_comes_out_as_success(
    ffi: Any, c: Any, model: Any, name: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    def broken(*_: Any) -> NoReturn:
        raise RuntimeError("a fault of ours")

    described = frame(ffi, PixelFormat.GRAY8, 2, 2, bytearray(4))
    given = {
        "char *": ffi.new("char[]", b"queue"),
        "int32_t *": ffi.new("int32_t *"),
        "int *": ffi.new("int32_t *"),
        "float *": ffi.new("float *"),
        "pocketlens_frame *": described,
    }
    monkeypatch.setattr(api, name, broken)
    assert call(ffi, c, name, model, given) == Status.INTERNAL
    assert line(ffi, c, model) == "RuntimeError: a fault of ours"
    assert capfd.readouterr() == ("", "")


def test_a_fault_where_no_status_is_answered_gives_nothing(ffi: Any, c: Any, monkeypatch: pytest.MonkeyPatch):
    for name in ("last_error", "status_string", "version"):
        monkeypatch.setattr(api, name, lambda *_: 1 / 0)
    assert c.pocketlens_last_error(ffi.NULL, ffi.NULL, 0) == 0
    assert ffi.string(c.pocketlens_version()) == b""
    assert b"cannot" in ffi.string(c.pocketlens_status_string(0))


@pytest.mark.parametrize(
    ("facts", "telling"),
    [
        ({"struct_size": 0}, "struct_size"),
        ({"struct_size": 159}, "struct_size"),
        ({"sizes": [15]}, "needs 16 bytes of memory, and 15 are given"),
        ({"sizes": [-1]}, "planes[0] on cannot be -1 bytes"),
        ({"sizes": [16], "width": 2**31 - 1, "height": 2**31 - 1}, "needs"),
        ({"sizes": [16], "width": -(2**31)}, "width"),
        ({"strides": [2**63 - 1]}, "planes[0] on cannot be"),
        ({"strides": [-4]}, "stride"),
        ({"format": -1}, "format"),
        ({"time_base_num": 1}, "time_base"),
        ({"time_base_num": 1, "time_base_den": -1}, "time_base"),
    ],
)
def test_frames_that_cannot_be_are_refused(ffi: Any, c: Any, model: Any, facts: dict[str, Any], telling: str):
    pixels = bytearray(16)
    made = frame(ffi, PixelFormat.GRAY8, 4, 4, pixels, **facts)
    assert c.pocketlens_push(model, made) == Status.BAD_FRAME
    assert telling in line(ffi, c, model)


def test_a_frame_that_no_memory_holds_is_refused(ffi: Any, c: Any, model: Any):
    pixels = bytearray(16)
    made = frame(ffi, PixelFormat.GRAY8, 2**31 - 1, 2**31 - 1, pixels)
    assert c.pocketlens_push(model, made) == Status.OUT_OF_MEMORY


def test_planes_are_all_given_or_only_the_first(ffi: Any, c: Any, model: Any):
    y, cb = bytearray(16), bytearray(4)
    assert c.pocketlens_push(model, frame(ffi, PixelFormat.I420, 4, 4, y, cb)) == Status.BAD_FRAME
    assert line(ffi, c, model) == "planes[2] is NULL"
    assert c.pocketlens_push(model, frame(ffi, PixelFormat.I420, 4, 4)) == Status.BAD_FRAME
    assert line(ffi, c, model) == "planes[0] is NULL"
    assert c.pocketlens_push(model, frame(ffi, PixelFormat.I420, 4, 4, y, cb, bytearray(4))) == Status.OK


def test_a_frame_of_a_newer_header_is_taken(ffi: Any, c: Any, model: Any):
    newer = bytearray(ffi.sizeof("pocketlens_frame") + 64)
    pixels = bytearray(4)
    made = frame(ffi, PixelFormat.GRAY8, 2, 2, pixels, struct_size=len(newer))
    ffi.memmove(newer, made, ffi.sizeof("pocketlens_frame"))
    newer[-64:] = b"\xff" * 64
    assert c.pocketlens_push(model, ffi.from_buffer("pocketlens_frame *", newer)) == Status.OK


@pytest.mark.parametrize("at_start", [False, True])
def test_nothing_is_touched_beyond_what_strides_and_height_ask_for(ffi: Any, c: Any, model: Any, at_start: bool):
    with guarded(2 * 9 + 5, at_start) as y, guarded(9 + 6, at_start) as chroma:
        y[:], chroma[:] = b"\x80" * len(y), b"\x90" * len(chroma)
        given = frame(ffi, PixelFormat.NV12, 5, 3, y, chroma, strides=[9, 9])
        assert c.pocketlens_push(model, given) == Status.OK
        del given
    with guarded(5 * 16 + 10, at_start) as y, guarded(2 * 16 + 10, at_start) as chroma:
        y[:], chroma[:] = b"\x11" * len(y), b"\x11" * len(chroma)
        out = frame(ffi, PixelFormat.NV12, 10, 6, y, chroma, strides=[16, 16])
        assert c.pocketlens_pull(model, out) == Status.OK
        rows = [bytes(y[row * 16 : row * 16 + 16]) for row in range(6)]
        assert rows == [b"\x80" * 10 + b"\x11" * 6] * 5 + [b"\x80" * 10]
        assert bytes(chroma) == (b"\x90" * 10 + b"\x11" * 6) * 2 + b"\x90" * 10
        del out


def test_strings_are_never_longer_than_their_place(ffi: Any, c: Any, model: Any):
    place = ffi.new("char[]", b"0123456789ABCDEF")
    assert c.pocketlens_get_str(model, b"engine", place, 11) == Status.BAD_VALUE
    assert ffi.unpack(place, 16) == b"\x00123456789ABCDEF"
    assert line(ffi, c, model) == "the value takes 12 bytes, not 11"
    assert c.pocketlens_get_str(model, b"engine", place, 12) == Status.OK
    assert ffi.unpack(place, 16) == b"onnxruntime\x00CDEF"
    assert c.pocketlens_last_error(model, place, 5) == len("the value takes 12 bytes, not 11") + 1
    assert ffi.unpack(place, 16) == b"the \x00untime\x00CDEF"
    assert c.pocketlens_last_error(model, place, 0) == c.pocketlens_last_error(model, ffi.NULL, 99) == 33


def test_strings_need_not_be_utf_8(ffi: Any, c: Any):
    place = ffi.new("pocketlens **")
    assert c.pocketlens_create(b"/nowhere/\xff", place) == Status.OK
    assert c.pocketlens_set_i32(place[0], b"\xff", 1) == Status.BAD_KEY
    assert c.pocketlens_load(place[0]) == Status.BAD_BUNDLE
    assert "/nowhere/" in line(ffi, c, place[0])
    assert c.pocketlens_destroy(place[0]) == Status.OK


def test_every_failure_is_logged_once(ffi: Any, c: Any, model: Any):
    lines: list[tuple[int, str]] = []
    log = ffi.callback("pocketlens_log", lambda user, status, line: lines.append((status, ffi.string(line).decode())))
    c.pocketlens_set_log(log, ffi.NULL)
    try:
        assert c.pocketlens_flush(model) == Status.OK
        assert c.pocketlens_load(model) == Status.BAD_STATE
        assert c.pocketlens_load(ffi.NULL) == Status.BAD_HANDLE
    finally:
        c.pocketlens_set_log(ffi.NULL, ffi.NULL)
    assert c.pocketlens_load(model) == Status.BAD_STATE
    assert lines == [
        (Status.BAD_STATE, "the model is loaded; create another handle for other settings"),
        (Status.BAD_HANDLE, "no such handle; it was never created, or is destroyed"),
    ]
