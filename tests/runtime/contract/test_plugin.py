"""The fixture for a product's own tests, in a pytest of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from bundles import make_bundle
from contracts import after_the_end, sealed, with_graph, with_pictures
from pocketlens.core.bundle import write
from source import project

PLUGIN = "pocketlens.runtime.contract.plugin"
SUITE = """
def test_good(pocketlens_contract):
    pocketlens_contract("good.plens", engine="onnxruntime", seconds=0)

def test_bad(pocketlens_contract):
    pocketlens_contract("bad.plens", engine="onnxruntime", seconds=0)

def test_strict(pocketlens_contract):
    pocketlens_contract("good.plens", engine="onnxruntime", seconds=0, strict=True)

def test_against_another(pocketlens_contract):
    pocketlens_contract("bad.plens", baseline="bad.plens", engine="onnxruntime", seconds=0)

def test_lost(pocketlens_contract):
    pocketlens_contract("lost.plens")
"""


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("product")
    good = sealed(with_pictures(make_bundle(folder / "a.plens"), 6))
    bad = with_graph(good, "fp32", after_the_end("Add", level=np.array(3 / 255, np.float32)))
    for name, bundle in (("good", good), ("bad", bad)):
        write(folder / f"{name}.plens", bundle.manifest, bundle.files)
    (folder / "test_model.py").write_text(SUITE, encoding="utf-8")
    return folder


def told(suite: Path, *words: str) -> str:
    """What pytest says of the suite, with this plugin and no other but those named."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    command = [sys.executable, "-m", "pytest", "-p", PLUGIN, "-p", "no:cacheprovider", *words]
    return subprocess.run(command, cwd=suite, env=environment, capture_output=True, text=True).stdout


@pytest.mark.parametrize("words", [(), ("-p", "xdist", "-n", "2")], ids=["alone", "xdist"])
def test_a_test_fails_with_the_limits_that_the_model_does_not_keep(suite: Path, words: tuple[str, ...]):
    text = told(suite, *words)
    assert "3 failed, 2 passed" in text
    assert "bad.plens does not keep" in text
    assert "brightness fp32 onnxruntime samples: 3.4" in text
    assert "good.plens does not keep 1 of" in text and "latency fp32 onnxruntime" in text
    assert "Undecided: good.plens" in text
    assert "no model 'lost.plens'" in text and "Traceback" not in text and "plugin.py" not in text


def test_pytest_finds_it_where_the_package_is_installed():
    assert project()["project"]["entry-points"]["pytest11"] == {"pocketlens": PLUGIN}


def test_it_costs_a_suite_that_does_not_use_it_next_to_nothing():
    code = f"import sys, {PLUGIN}; print(sorted({{'numpy', 'cv2', 'pydantic', 'onnxruntime'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"
