"""Dependencies run one way, and docs/architecture.md tells the truth."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from source import PACKAGE, ROOT, folders, imports, modules

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")

BESIDE_EACH_OTHER = ("teachers", "students", "calib_data")
MAY_IMPORT = {
    "core": set(),
    **{part: {"core"} for part in BESIDE_EACH_OTHER},
    "distill": {"core", *BESIDE_EACH_OTHER},
    "export": {"core", *BESIDE_EACH_OTHER},
    "runtime": {"core"},
}
MAY_IMPORT_WHEN_CALLED = {"distill": {"runtime"}, "export": {"runtime"}}
NOT_IN_THE_RUNTIME = {"torch", "onnx", "onnxscript", "nncf", "safetensors", "torchvision"}


def part_of(name: str) -> str:
    """`pocketlens.core.files.whole` -> `core`; of another package, nothing."""
    package, _, rest = name.partition(".")
    return rest.partition(".")[0] if package == PACKAGE else ""


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_a_part_imports_only_the_parts_below_it(part: str):
    wrong = []
    for module, path in modules().items():
        if module.partition(".")[0] != part:
            continue
        for found in imports(module, path):
            allowed = (
                MAY_IMPORT[part] | {part} | (MAY_IMPORT_WHEN_CALLED.get(part, set()) if found.when == "call" else set())
            )
            target = part_of(found.name)
            if target in MAY_IMPORT and target not in allowed:
                wrong.append(f"{path.relative_to(ROOT)} imports {found.name}")
    assert wrong == []


def test_every_folder_of_the_package_has_a_place_in_the_order():
    parts = {folder.relative_to(ROOT).parts[0] for folder in folders() if folder != ROOT}
    assert parts == {*MAY_IMPORT, "examples"}


def test_the_runtime_and_all_that_it_touches_imports_neither_torch_nor_onnx():
    known = modules()
    waiting = [module for module in known if module.partition(".")[0] == "runtime"]
    assert len(waiting) > 10
    seen, wrong = set(), []
    while waiting:
        module = waiting.pop()
        if module in seen:
            continue
        seen.add(module)
        for found in imports(module, known[module]):
            if found.name.partition(".")[0] in NOT_IN_THE_RUNTIME and found.when != "check":
                wrong.append(f"{module} imports {found.name}")
            inner = found.name.removeprefix(f"{PACKAGE}.")
            if inner != found.name:
                # What is imported is a module, or something in one.
                waiting += [name for name in (inner, inner.rpartition(".")[0]) if name in known]
    assert wrong == []
    assert "core.bundle" in seen


def test_the_page_names_every_top_level_folder():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.split()
    tops = {line.partition("/")[0] for line in listed if "/" in line}
    tops = tops or {folder.relative_to(ROOT).parts[0] for folder in folders() if folder != ROOT}
    assert [top for top in sorted(tops) if f"`{top}/" not in PAGE and f"`{top}`" not in PAGE] == []


def test_every_file_that_the_page_names_exists():
    examples = {f"`{name}`" for name in example_files()}
    named = set(re.findall(r"`[\w./]+\.(?:py|toml|md)`", PAGE)) - examples
    assert [name for name in sorted(named) if not (ROOT / name.strip("`")).exists()] == []


def example_files() -> dict[str, str]:
    """Path -> content of the example files on the page; the first line of each is its path."""
    blocks = re.findall(r"```python\n# (\S+)\n(.*?)```", PAGE, re.DOTALL)
    return dict(blocks)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package with the example files in it; it goes before the installed one."""
    copied = tmp_path_factory.mktemp("with-examples") / PACKAGE
    ignored = shutil.ignore_patterns("__pycache__", "weights", "*.plens")
    for folder in [*folders(), ROOT / "tests"]:
        if folder != ROOT and folder.parent == ROOT:
            shutil.copytree(folder, copied / folder.name, ignore=ignored)
    for file in [*ROOT.glob("*.py"), ROOT / "pyproject.toml"]:
        shutil.copy(file, copied)
    for name, content in example_files().items():
        assert not (copied / name).exists()
        (copied / name).write_text(content, encoding="utf-8")
    return copied


def python(copy: Path, *arguments: object) -> str:
    """Run Python on the copy and give its standard output."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    environment["PYTHONPATH"] = str(copy.parent)
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


CONTRACTS = {
    "plainnet": "tests/students/test_student_contract.py",
    "widenet": "tests/teachers/test_teacher_contract.py",
    "edges": "tests/distill/test_losses.py",
    "unoptimised": "tests/runtime/test_engines.py",
}


def test_the_examples_on_the_page_pass_the_contract_tests_of_their_catalogs(copy: Path):
    told = python(
        copy, "-m", "pytest", "-vp", "no:cacheprovider", "-k", " or ".join(CONTRACTS), *CONTRACTS.values()
    )  # fmt: skip
    for name, file in CONTRACTS.items():
        assert re.search(rf"{re.escape(file)}::\S+\[{name}\S* PASSED", told), f"{name} was not tested"


def test_the_examples_on_the_page_are_listed_and_do_their_work(copy: Path, tmp_path: Path):
    listed = json.loads(python(copy, "-m", "pocketlens", "distill", "list", "--json", "-"))
    assert listed["students"]["plainnet"] == "Two plain convolutions on luma and a pixel shuffle"
    assert listed["teachers"]["widenet"] and listed["losses"]["edges"]
    engines = json.loads(python(copy, "-m", "pocketlens", "doctor", "--json", "-"))["engines"]
    assert "unoptimised" in [engine["name"] for engine in engines if engine["usable"]]
    code = (
        "import sys, torch; from pocketlens.core import checkpoint;"
        "wide = {'wide_in': (5, 3, 3, 3), 'wide_out': (12, 5, 3, 3)};"
        "state = {f'{name}.weight': torch.ones(shape) for name, shape in wide.items()};"
        "state |= {f'{name}.bias': torch.ones(shape[0]) for name, shape in wide.items()};"
        "torch.save(state | {'wide_slope.weight': torch.ones(1)}, sys.argv[1]); loaded = checkpoint.load(sys.argv[1]);"
        "print(loaded.name, loaded.options.features)"
    )
    assert python(copy, "-c", code, tmp_path / "wide.pth").split() == ["widenet", "5"]
    python(copy, "-m", "pocketlens", "export", "npz", tmp_path / "wide.pth", "-o", tmp_path / "wide.npz")
    assert (tmp_path / "wide.npz").is_file()


def test_the_examples_on_the_page_are_clean(copy: Path):
    python(copy, "-m", "ruff", "check", *example_files())
    python(copy, "-m", "ruff", "format", "--check", *example_files())
