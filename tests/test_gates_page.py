"""The workflow that docs/gates.md names does what the page says, on a pull request in a repository made for it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from bundles import make_bundle
from contracts import after_the_end, sealed, with_graph, with_pictures
from pocketlens.core.bundle import Bundle, write
from runs import write_photos
from source import ROOT

PAGE = ROOT / "docs" / "gates.md"
WORKFLOW = ROOT / "examples" / "model-gate.yml"
QUICK = 'pocketlens() { "$PYTHON" -m pocketlens "$@" --seconds 0 --engine onnxruntime; }\n'
"""What the runner has installed, not timing anything."""


def steps() -> list[str]:
    """The shell commands of the workflow, in order."""
    text = WORKFLOW.read_text(encoding="utf-8")
    found = re.findall(r"^ +(?:- )?run: (?:\|\n((?: {10}.*\n)+)|(.*)\n)", text, re.MULTILINE)
    return [textwrap.dedent(block) or line for block, line in found]


def git(folder: Path, *words: object) -> None:
    named = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *named, *map(str, words)], cwd=folder, check=True, capture_output=True)


def save(bundle: Bundle, path: Path) -> None:
    write(path, bundle.manifest, bundle.files)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A clone with a branch of its own, the model and photos on the base branch."""
    base, clone = tmp_path / "base", tmp_path / "clone"
    base.mkdir()
    save(sealed(with_pictures(make_bundle(tmp_path / "a.plens"), 6)), base / "model.plens")
    write_photos(base / "photos", 6)
    git(base, "init")
    git(base, "add", ".")
    git(base, "commit", "-m", "model")
    git(tmp_path, "clone", base, clone)
    git(clone, "switch", "-c", "change")
    return clone


def run(folder: Path, command: str) -> int:
    """One step, as a hosted runner runs it."""
    told = {"GITHUB_BASE_REF": "main", "GITHUB_STEP_SUMMARY": str(folder / "summary.md"), "PYTHON": sys.executable}
    return subprocess.run(
        ["bash", "-e", "-c", QUICK + command], cwd=folder, env=os.environ | told, capture_output=True
    ).returncode


@pytest.mark.parametrize("worse", [False, True], ids=["as good", "worse"])
def test_a_pull_request_fails_with_a_worse_model_and_tells_why(checkout: Path, worse: bool):
    install, before, verify, summary = steps()
    assert install == "pip install 'pocketlens[openvino]'"
    if worse:
        good = sealed(with_pictures(make_bundle(checkout / "b.plens"), 6))
        save(
            with_graph(good, "fp32", after_the_end("Add", level=np.array(0.2, np.float32))),
            checkout / "model.plens",
        )
    assert run(checkout, before) == 0
    assert run(checkout, verify) == int(worse)
    assert run(checkout, summary) == 0
    assert ("**fail**" in (checkout / "summary.md").read_text()) == worse
    assert ("<failure" in (checkout / "verify.xml").read_text()) == worse


def test_the_page_links_to_the_workflow_and_tells_its_commands():
    page = PAGE.read_text(encoding="utf-8")
    assert f"](../{WORKFLOW.relative_to(ROOT).as_posix()})" in page
    _, before, verify, _ = steps()
    assert before in page and " ".join(verify.replace("\\\n", "").split()) in page


def test_without_a_model_on_the_base_branch_it_does_not_pass_unseen(checkout: Path):
    git(checkout, "rm", "model.plens")
    git(checkout, "commit", "-m", "none")
    git(checkout, "push", "origin", "HEAD:refs/heads/bare")
    command = steps()[1].replace("$GITHUB_BASE_REF", "bare")
    assert run(checkout, command) != 0
