"""An engine whose 8-bit sums do not fit is not asked for int8."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pocketlens.core.catalog import ENGINES
from pocketlens.core.errors import MachineCannot
from pocketlens.runtime import Session, saturation
from pocketlens.runtime.choose import choices
from pocketlens.runtime.engine import Arrays
from pocketlens.runtime.resolve import open_bundle

X86 = platform.machine() in ("x86_64", "AMD64")


@pytest.fixture(autouse=True)
def asked_anew() -> Iterator[None]:
    saturation.why_not_int8.cache_clear()
    yield
    saturation.why_not_int8.cache_clear()


class InPairs:
    """Sums of two products are cut to 16 bits, and so are a part of what they should be."""

    notes = ()

    def run(self, feeds: Arrays, out: Arrays | None = None) -> Mapping[str, np.ndarray]:
        return {"made": feeds["frame"] * np.float32(32767 / (2 * 255 * 127))}

    def close(self) -> None:
        pass


def register(monkeypatch: pytest.MonkeyPatch, **facts: Any) -> None:
    """`openvino` as another engine."""
    engine = replace(ENGINES.get("openvino"), **facts)
    real = ENGINES.get
    monkeypatch.setattr(ENGINES, "get", lambda name: engine if name == "openvino" else real(name))


def test_the_engines_here_are_right_or_say_so():
    pytest.importorskip("openvino")
    for name in ("onnxruntime", "openvino"):
        assert saturation.why_not_int8(name) is None or "take fp32" in (saturation.why_not_int8(name) or "")


def test_sums_that_saturate_are_noticed(monkeypatch: pytest.MonkeyPatch):
    register(monkeypatch, load=lambda *_: InPairs())
    assert "take fp32" in (saturation.why_not_int8("openvino") or "")


def test_an_engine_that_fails_on_it_says_why(monkeypatch: pytest.MonkeyPatch):
    def load(*_: object) -> InPairs:
        raise MachineCannot("no kernel for it")

    register(monkeypatch, load=load)
    assert saturation.why_not_int8("openvino") == "no kernel for it"


@pytest.mark.parametrize("facts", [{"speed": {"fp32": 1.0}}, {"reads": "tensorrt"}])
def test_who_has_no_int8_for_cpus_is_not_asked(monkeypatch: pytest.MonkeyPatch, facts: dict):
    register(monkeypatch, load=lambda *_: pytest.fail("was asked"), **facts)
    assert saturation.why_not_int8("openvino") is None


def test_auto_takes_fp32_and_says_why(monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("openvino")
    monkeypatch.setattr("pocketlens.runtime.choose.why_not_int8", lambda name: "it saturates")
    with Session.open("sesr-x2") as session:
        assert (session.engine, session.precision) == ("openvino", "fp32")
        assert "openvino int8: it saturates" in session.notes
    with pytest.raises(MachineCannot, match="openvino int8: it saturates"):
        choices(open_bundle("sesr-x2").manifest, "openvino", "int8")


@pytest.mark.skipif(not X86, reason="only processors of x86 can be held to older instructions")
def test_openvino_without_vnni_is_not_asked_for_int8(tmp_path: Path):
    pytest.importorskip("openvino")
    told = "from pocketlens.runtime.saturation import why_not_int8; print(why_not_int8('openvino'))"
    held = {**os.environ, "ONEDNN_MAX_CPU_ISA": "AVX2", "POCKETLENS_CACHE": str(tmp_path)}
    found = subprocess.run([sys.executable, "-c", told], env=held, capture_output=True, text=True, check=True)
    assert "take fp32" in found.stdout
