"""Each name that we ask of the full TensorRT, which cannot be installed here, is one that it has.

`tensorrt_names/` holds what published type information says of 10.13 and 11.4; `record_tensorrt.py` made it.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
from pathlib import Path

import made_up_tensorrt as made_up
import pytest
from fake_tensorrt import Context, Engine
from record_tensorrt import from_module, own_names
from source import ROOT, modules, parse
from tensorrt_uses import MODULE, NAMED, Record, problem, uses

RECORDS = {file.stem: json.loads(file.read_text()) for file in sorted((ROOT / "tests" / "tensorrt_names").iterdir())}
ONLY_RTX = {"core/rtx.py"}
NOT_RTX = {"core/timing_cache.py"}


def _asks(path: Path) -> bool:
    """Whether a file holds TensorRT's module in a variable, or is given its objects."""
    nodes = list(ast.walk(parse(path)))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    names |= {node.attr.strip("_") for node in nodes if isinstance(node, ast.Attribute)}
    return "trt" in names or path.relative_to(ROOT).as_posix() in NOT_RTX


FILES = sorted(path.relative_to(ROOT).as_posix() for path in modules().values() if _asks(path))


def problems(source: str, record: Record) -> list[str]:
    return [told for use in uses(source, record) if (told := problem(use, record))]


def test_the_versions_are_those_that_the_readme_names():
    assert RECORDS.keys() == {"10.13", "11.4"}


@pytest.mark.parametrize("version", RECORDS)
@pytest.mark.parametrize("file", [file for file in FILES if file not in ONLY_RTX])
def test_every_name_that_a_file_asks_of_tensorrt_is_there(file: str, version: str):
    source, record = (ROOT / file).read_text(encoding="utf-8"), RECORDS[version]
    assert len(list(uses(source, record))) > 3, "this file asks nothing of TensorRT"
    assert problems(source, record) == []


@pytest.mark.parametrize("file", [file for file in FILES if file not in NOT_RTX])
def test_every_name_that_a_file_asks_of_tensorrt_for_rtx_is_there(file: str):
    pytest.importorskip("tensorrt_rtx")
    bindings = importlib.import_module("tensorrt_rtx_bindings")
    record = from_module(bindings) | own_names(Path(str(bindings.__file__)))
    assert problems((ROOT / file).read_text(encoding="utf-8"), record) == []


@pytest.mark.parametrize("version", RECORDS)
def test_what_only_tensorrt_for_rtx_has_is_missed_elsewhere(version: str):
    (file,) = ONLY_RTX
    told = problems((ROOT / file).read_text(encoding="utf-8"), RECORDS[version])
    assert any("ComputeCapability: there is no such name" in line for line in told)


@pytest.mark.parametrize("version", RECORDS)
@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("trt.Bilder(log)", "there is no such name"),
        ("trt.Builder()", "it is not called like that"),
        ("trt.Builder(log, log)", "it is not called like that"),
        ("trt.BuilderFlag.FAST", "there is no such member"),
        ("trt.ILogger.Severity.LOUD", "there is no such member"),
        ("builder.build_engine(network, config)", "there is no such member"),
        ("builder.build_serialized_network(network)", "it is not called like that"),
        ("builder.create_network(flag=0)", "it is not called like that"),
        ("builder.create_builder_config().max_workspace = 1", "there is no such member"),
        ("self._context.execute_async_v2(0)", "there is no such member"),
        ("made = builder.create_optimization_profile(); made.set_shapes()", "there is no such member"),
        ("parser.get_error(0).description()", "there is no such member"),
        ("thing.set_memory_pool_limit(0, 0)", "it cannot be told whose this is"),
        ("class Mine(trt.IProgressMonitor):\n def step_complete(self, step): ...", "it takes other arguments than 1"),
        ("if hasattr(config, 'tiling'):\n config.tiling = 1\nelse:\n config.tiling = 2", "there is no such member"),
    ],
)
def test_a_wrong_name_or_call_is_found(line: str, told: str, version: str):
    (found,) = problems(line, RECORDS[version])
    assert told in found


@pytest.mark.parametrize("version", RECORDS)
@pytest.mark.parametrize(
    "line",
    [
        "trt.Builder(logger=log)",
        "builder.create_network()",
        "config.set_memory_pool_limit(pool=trt.MemoryPoolType.WORKSPACE, pool_size=1)",
        "if hasattr(config, 'tiling'): config.tiling = 1",
        "getattr(config, 'tiling', None)",
        "other = elsewhere(); other.anything()",
    ],
)
def test_a_right_name_or_call_is_let_through(line: str, version: str):
    assert problems(line, RECORDS[version]) == []


@pytest.mark.parametrize("version", RECORDS)
def test_every_name_of_ours_stands_for_a_class_of_tensorrts(version: str):
    assert {kind for kind in NAMED.values() if kind != MODULE} <= RECORDS[version].keys()


STOOD_IN_FOR = {
    **{name: kind for name, kind in vars(made_up).items() if inspect.isclass(kind) and name in RECORDS["11.4"]},
    "Builder": made_up.made_up().Builder,
    "IExecutionContext": Context,
    "ICudaEngine": Engine,
}
"""Class of TensorRT's -> what stands in for it in our tests."""


@pytest.mark.parametrize("version", RECORDS)
@pytest.mark.parametrize("name", STOOD_IN_FOR)
def test_what_stands_in_for_tensorrt_is_called_like_it(name: str, version: str):
    members, stand_in = RECORDS[version][name], STOOD_IN_FOR[name]
    assert getattr(stand_in, "__members__", {}).keys() <= members.keys()
    for key, method in inspect.getmembers(stand_in, inspect.isfunction):
        calls = [] if key.startswith("_") else members.get(key, {}).get("calls", [])
        count = len(inspect.signature(method).parameters) - 1
        assert not calls or any(needed <= count <= len(names) for names, needed in calls), key
