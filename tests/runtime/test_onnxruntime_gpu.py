"""onnxruntime's providers for GPUs, on an onnxruntime that claims to have them: none of them was run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnxruntime
import pytest
from bundles import upscaler_graph
from fake_tensorrt import install
from pocketlens.core.catalog import ENGINES
from pocketlens.core.errors import MachineCannot

PROVIDERS = {"onnxruntime_cuda": "CUDAExecutionProvider", "onnxruntime_tensorrt": "TensorrtExecutionProvider"}
Claims = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def claims(monkeypatch: pytest.MonkeyPatch) -> Claims:
    """Put an onnxruntime in place that has the providers, and may start them; gives what sessions were asked for."""

    def put(starts: bool) -> list[dict[str, Any]]:
        install(monkeypatch)
        asked: list[dict[str, Any]] = []

        def session(graph: bytes, options: Any, **given: Any) -> Any:
            asked.append(given)
            made = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
            names = [name if isinstance(name, str) else name[0] for name in given["providers"]]
            made.get_providers = lambda: names if starts else ["CPUExecutionProvider"]  # type: ignore[method-assign]
            return made

        names = {
            "get_available_providers": lambda: [*PROVIDERS.values(), "CPUExecutionProvider"],
            "preload_dlls": lambda: print("no libcudnn"),
            "SessionOptions": onnxruntime.SessionOptions,
            "InferenceSession": session,
            "__version__": "1.31.1",
        }
        monkeypatch.setitem(sys.modules, "onnxruntime", SimpleNamespace(**names))  # type: ignore[arg-type]
        return asked

    return put


@pytest.mark.parametrize("engine", PROVIDERS)
def test_the_wheel_that_brings_a_provider_is_named(engine: str):
    reason = ENGINES.get(engine).why_not()
    assert PROVIDERS[engine] in reason and "onnxruntime-gpu" in reason


@pytest.mark.parametrize("engine", PROVIDERS)
def test_a_provider_comes_before_the_cpu_and_is_not_left_quietly(
    engine: str, claims: Claims, capsys: pytest.CaptureFixture[str]
):
    asked = claims(starts=True)
    assert ENGINES.get(engine).why_not() is None
    program = ENGINES.get(engine).load(upscaler_graph(), 1)
    assert program.run({"frame": np.zeros((1, 1, 3, 4), np.float32)})["upscaled"].shape == (1, 1, 6, 8)
    (given,) = asked
    assert [given["providers"][0][0], *given["providers"][1:]] == [PROVIDERS[engine], "CPUExecutionProvider"]
    assert given["enable_fallback"] == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("engine", PROVIDERS)
def test_a_provider_that_does_not_start_is_one_line(engine: str, claims: Claims):
    claims(starts=False)
    with pytest.raises(MachineCannot, match=f"^onnxruntime cannot start its {PROVIDERS[engine]}"):
        ENGINES.get(engine).load(upscaler_graph(), 1)
