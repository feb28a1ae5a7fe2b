"""The wheel holds what it should, and works where nothing but its base dependencies is installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from source import PACKAGE, ROOT, folders, modules, project

NOT_SHIPPED = {"tests", "docs", "benchmarks"}
MADE = {".*", "__pycache__", "*.egg-info", "build", "dist", "out", "runs"}
UPSCALERS = ("fsrcnn-x2", "sesr-x2")
SHIPPED_MODELS = (*UPSCALERS, "ifnet-lite")
MODEL_LIMIT = 4_000_000


def run(*command: object, **changes: str) -> str:
    """Run a program outside the checkout's own environment; gives its standard output."""
    kept = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run([str(word) for word in command], env=kept | changes, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that nothing left from an earlier build can get in, and nothing is left here."""
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT, folder / "source", ignore=shutil.ignore_patterns(*MADE))
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, folder / "source")
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def contents(wheel: Path) -> dict[str, int]:
    """Path in the wheel -> size, of all but its metadata."""
    with zipfile.ZipFile(wheel) as archive:
        return {i.filename: i.file_size for i in archive.infolist() if ".dist-info/" not in i.filename}


def test_the_package_list_is_the_folders_that_hold_code():
    found = {ROOT}
    for top in ROOT.iterdir():
        if top.is_dir() and top.name not in NOT_SHIPPED and not any(top.match(pattern) for pattern in MADE):
            found |= {path.parent for path in top.rglob("*.py")}
    assert sorted(folders()) == sorted(found)


def test_the_wheel_holds_the_code_the_recipes_and_the_models_and_nothing_else(contents: dict[str, int]):
    patterns = (
        "distill/recipes/*.toml",
        "runtime/models/*.plens",
        "runtime/capi/*.[ch]",
        "examples/*.c",
        "core/page.*s",
    )
    data = [path for pattern in patterns for path in ROOT.glob(pattern)]
    wanted = {f"{PACKAGE}/{path.relative_to(ROOT).as_posix()}" for path in [*modules().values(), *data]}
    assert set(contents) == wanted


@pytest.mark.parametrize("name", SHIPPED_MODELS)
def test_the_wheel_holds_each_shipped_model(contents: dict[str, int], name: str):
    file = f"{PACKAGE}/runtime/models/{name}.plens"
    assert file in contents, f"runtime/models/{name}.plens is not in the repository"
    assert contents[file] < MODEL_LIMIT


def test_an_installed_wheel_upscales_and_interpolates_without_torch(wheel: Path, tmp_path: Path):
    run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "env")
    python = tmp_path / "env" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"]
    run(*pip, "install", "--quiet", "-c", ROOT / "constraints.txt", wheel)
    installed = {package["name"].lower() for package in json.loads(run(*pip, "list", "--format", "json"))}
    assert installed.isdisjoint({"torch", "onnx", "openvino", "nncf", "pytest"})

    pocketlens = tmp_path / "env" / "bin" / "pocketlens"
    assert "Example" in run(pocketlens, "--help")
    listed = {model["name"]: model for model in json.loads(run(pocketlens, "models", "--json", "-"))}
    assert set(SHIPPED_MODELS) <= set(listed), f"shipped models in the wheel: {sorted(listed)}"

    noise = np.random.default_rng(0).integers(0, 256, (31, 40, 3), dtype=np.uint8)
    small = cv2.GaussianBlur(noise, (0, 0), 3)
    cv2.imwrite(str(tmp_path / "small.png"), small)
    for name in UPSCALERS:
        made = tmp_path / f"{name}.png"
        run(pocketlens, "run", name, tmp_path / "small.png", "-o", made)
        large = cv2.imread(str(made))
        assert large is not None and large.shape == (62, 80, 3)
        enlarged = cv2.resize(small, (80, 62), interpolation=cv2.INTER_CUBIC)
        assert cv2.PSNR(large, enlarged) > 30, "a sharper picture is still the same picture"

    wide = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 256, (96, 140, 3), dtype=np.uint8), (0, 0), 3)
    (tmp_path / "pair").mkdir()
    for index in range(2):
        cv2.imwrite(str(tmp_path / "pair" / f"{index}.png"), wide[:, 6 * index : 6 * index + 128])
    run(pocketlens, "run", "ifnet-lite", tmp_path / "pair", "-o", tmp_path / "clip", "--factor", 2)
    pictures = [cv2.imread(str(path)) for path in sorted((tmp_path / "clip").iterdir())]
    before, middle, after = (picture[:, 16:-16] for picture in pictures if picture is not None)
    truth = np.ascontiguousarray(wide[:, 19:115])
    assert cv2.PSNR(middle, truth) > cv2.PSNR(cv2.addWeighted(before, 0.5, after, 0.5, 0), truth) + 3


def test_every_requirement_is_pinned():
    names = {line.partition("==")[0].lower().replace("_", "-") for line in _pins()}
    groups = [project()["project"]["dependencies"], project()["project"]["optional-dependencies"]["dev"]]
    extras = ("train", "quant", "openvino", "trt-rtx", "capi", "demo", "test")
    groups += [project()["project"]["optional-dependencies"][extra] for extra in extras]
    wanted = {_name(requirement) for group in groups for requirement in group} - {PACKAGE}
    assert wanted <= names
    assert all(line.count("==") == 1 and "@" not in line and "+" not in line for line in _pins())


def _pins() -> list[str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _name(requirement: str) -> str:
    return requirement.partition(">=")[0].partition("[")[0].strip().lower().replace("_", "-")
