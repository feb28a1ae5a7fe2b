"""The base install on 64-bit ARM boards: every package has a wheel that they take, by what was recorded."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from aarch64_wheels import GLIBC, PYTHONS, RECORD
from source import ROOT, project

FOUND = json.loads(RECORD.read_text(encoding="utf-8"))
PINS = dict(re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE))
VERSIONS = {name.lower().replace("_", "-"): version for name, version in PINS.items()}


def tags(wheel: str) -> tuple[str, str, str]:
    """Python, ABI and platforms of a wheel, as its name has them (PEP 427)."""
    python, abi, platform = Path(wheel).stem.split("-")[-3:]
    return python, abi, platform


def serves(python: str, wheel: str) -> bool:
    """Whether a CPython of this version takes the wheel, by its own tag, the stable ABI, or as plain Python."""
    minor = int(python.partition(".")[2])
    tag, abi, _ = tags(wheel)
    own = f"cp3{minor}" in tag.split(".")
    stable = abi == "abi3" and any(int(one.removeprefix("cp3")) <= minor for one in tag.split("."))
    return own or stable or (abi == "none" and "py3" in tag.split("."))


def oldest_glibc(wheel: str) -> tuple[int, int]:
    """The oldest glibc that serves a wheel; none is needed by plain Python."""
    platform = tags(wheel)[2]
    found = [(int(a), int(b)) for a, b in re.findall(r"manylinux_(\d+)_(\d+)_aarch64", platform)]
    found += [(2, 17)] if "manylinux2014_aarch64" in platform else []
    return min(found, default=(0, 0) if platform == "any" else (99, 0))


@pytest.mark.parametrize("python", PYTHONS)
def test_every_base_dependency_is_recorded_at_the_version_that_is_pinned(python: str):
    """Where this fails, run tests/aarch64_wheels.py: a dependency or a pin is new."""
    wanted = {re.split(r"[^\w.-]", line)[0].lower() for line in project()["project"]["dependencies"]}
    assert wanted <= FOUND[python].keys()
    assert {name: one["version"] for name, one in FOUND[python].items()} == {
        name: VERSIONS.get(name) for name in FOUND[python]
    }


@pytest.mark.parametrize("python", PYTHONS)
def test_every_wheel_serves_jetpack_6_and_later(python: str):
    wheels = {name: one["wheel"] for name, one in FOUND[python].items()}
    assert [name for name, wheel in wheels.items() if not serves(python, wheel)] == []
    assert [name for name, wheel in wheels.items() if oldest_glibc(wheel) > GLIBC] == []


@pytest.mark.parametrize(
    ("python", "wheel", "fits"),
    [
        ("3.12", "a-1-cp312-cp312-manylinux_2_28_aarch64.whl", True),
        ("3.12", "a-1-cp311-abi3-manylinux_2_28_aarch64.whl", True),
        ("3.11", "a-1-cp312-abi3-manylinux_2_28_aarch64.whl", False),
        ("3.12", "a-1-cp311-cp311-manylinux_2_28_aarch64.whl", False),
        ("3.11", "a-1-py3-none-any.whl", True),
    ],
)
def test_a_wheel_serves_the_pythons_that_its_name_says(python: str, wheel: str, fits: bool):
    assert serves(python, wheel) is fits


@pytest.mark.parametrize(
    ("wheel", "oldest"),
    [
        ("a-1-cp312-cp312-manylinux_2_17_aarch64.manylinux2014_aarch64.whl", (2, 17)),
        ("a-1-cp312-cp312-manylinux_2_39_aarch64.whl", (2, 39)),
        ("a-1-cp312-cp312-manylinux_2_28_x86_64.whl", (99, 0)),
        ("a-1-py3-none-any.whl", (0, 0)),
    ],
)
def test_a_wheel_wants_the_glibc_that_its_name_says(wheel: str, oldest: tuple[int, int]):
    assert oldest_glibc(wheel) == oldest
