"""Write down what names a TensorRT has, from its published type information; run by hand when a version is added.

FOLDER is where `pip download --no-deps tensorrt-stubs`, or `tensorrt-cu13-bindings`, was unpacked:

    python tests/record_tensorrt.py stubs FOLDER/tensorrt_bindings tests/tensorrt_names/10.13.json
    python tests/record_tensorrt.py bindings FOLDER/tensorrt_bindings tests/tensorrt_names/11.4.json

The bindings cannot start without libraries that cannot be had so. Their names need none of these: the functions that
they ask for are put in their place, each doing nothing. That takes gcc, nm and readelf.
"""

from __future__ import annotations

import ast
import ctypes
import importlib.util
import inspect
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

Members = dict[str, dict[str, Any]]
_LEFT_OUT = re.compile(r"Layer$|Layer\.|Plugin|^_[^_]")
"""Classes that we have no part in: the layers of networks, and ways to add to them."""


def from_stubs(file: Path) -> dict[str, Members]:
    """Class -> its members, from a file of type stubs."""
    found: dict[str, Members] = {}
    text = re.sub(r"(?<=\()(self\b.*)(?=\) -> )", lambda found: _plain(found[1]), file.read_text(encoding="utf-8"))
    for name, node in _classes(ast.parse(text)):
        bases = [ast.unparse(base) for base in node.bases]
        members: Members = {key: value for base in bases for key, value in found.get(base, {}).items()}
        for statement in node.body:
            if isinstance(statement, ast.FunctionDef):
                _add(members, statement)
            elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                members[statement.target.id] = {}
            elif isinstance(statement, ast.ClassDef):
                members[statement.name] = {}
        found[name] = members
    return found


def own_names(file: Path) -> dict[str, Members]:
    """What a module itself defines: each function as a class that is only called, and what it assigns."""
    found: dict[str, Members] = {}
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            names = [one.arg for one in node.args.args]
            found[node.name] = {"__init__": {"calls": [[names, len(names) - len(node.args.defaults)]]}}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id: {} for target in targets if isinstance(target, ast.Name)}
    return found


def _classes(node: ast.AST, outer: str = "") -> Iterator[tuple[str, ast.ClassDef]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield outer + child.name, child
            yield from _classes(child, f"{outer}{child.name}.")


def _add(members: Members, function: ast.FunctionDef) -> None:
    """One function of a class, which may be one of several of that name."""
    decorators = {ast.unparse(one) for one in function.decorator_list}
    gives = re.fullmatch(r"(?:\w+\.)*(\w+)", ast.unparse(function.returns) if function.returns else "")
    member: dict[str, Any] = {"gives": gives[1]} if gives and gives[1] != "None" else {}
    if not decorators & {"property", f"{function.name}.setter"}:
        names = [one.arg for one in function.args.posonlyargs + function.args.args]
        names = names if "staticmethod" in decorators else names[1:]
        before = members.get(function.name, {}).get("calls", []) if "overload" in decorators else []
        member["calls"] = [*before, [names, len(names) - len(function.args.defaults)]]
    if f"{function.name}.setter" not in decorators:
        members[function.name] = member


def from_module(module: ModuleType) -> dict[str, Members]:
    """Class -> its members, from a module that pybind11 made: it writes signatures into the docstrings."""
    found: dict[str, Members] = {}

    def look(kind: type, name: str) -> None:
        members: Members = {}
        for key in dir(kind):
            member = inspect.getattr_static(kind, key)
            if inspect.isclass(member) and not key.startswith("__"):
                members[key] = {}
                look(member, f"{name}.{key}")
            elif key != "__class__":
                getter = member.fget if isinstance(member, property) else member
                for function in _signatures(key, getattr(getter, "__doc__", "") or "", isinstance(member, property)):
                    _add(members, function)
                members.setdefault(key, {})
        found[name] = members

    for name, kind in inspect.getmembers(module, inspect.isclass):
        look(kind, name)
    return found


def _signatures(name: str, doc: str, is_property: bool) -> Iterator[ast.FunctionDef]:
    marker, called = ("@property", "") if is_property else ("@overload", name)
    for given, made in re.findall(rf"^(?:\d+\. )?{called}\((.*)\) -> (.*)$", doc, re.MULTILINE):
        (function,) = ast.parse(f"{marker}\ndef {name}({_plain(given)}) -> {_plain(made)}: ...").body
        assert isinstance(function, ast.FunctionDef)
        yield function


def _plain(signature: str) -> str:
    """Without what is not Python: values and types of C++, `in` as a name, a default before what has none."""
    signature = re.sub(r"\bin:", "in_:", signature)
    signature = re.sub(r"<[^<>]*>", "...", re.sub(r"\b\w+::", "", signature))
    arguments = re.split(r",\s*(?![^\[(]*[\])])", signature)
    first = next((index for index, one in enumerate(arguments) if "=" in one), len(arguments))
    return ", ".join(one if "=" in one or index < first else f"{one} = ..." for index, one in enumerate(arguments))


def load(folder: Path, scratch: Path) -> ModuleType:
    """The bindings, with libraries that do nothing in the place of TensorRT's."""
    (binary,) = folder.glob("tensorrt*.so")
    libraries = re.findall(r"\[(libnv\w+\.so[.\d]*)\]", _told("readelf", "-d", binary))
    symbols = re.findall(r" U ((?:create|get|init)\w+)$", _told("nm", "-D", binary), re.MULTILINE)
    (scratch / "a.c").write_text("\n".join(f"void *{symbol}(void) {{ return 0; }}" for symbol in symbols))
    for library in libraries:
        _told("gcc", "-shared", "-fPIC", f"-Wl,-soname,{library}", "-o", scratch / library, scratch / "a.c")
        ctypes.CDLL(str(scratch / library), ctypes.RTLD_GLOBAL)
    spec = importlib.util.spec_from_file_location("tensorrt", binary)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _told(*command: object) -> str:
    return subprocess.run([*map(str, command)], check=True, capture_output=True, text=True).stdout


def _public(members: Members) -> Members:
    return {name: member for name, member in members.items() if name == "__init__" or not name.startswith("_")}


def main() -> None:
    """Read and write the files that the command line names."""
    kind, source, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    with tempfile.TemporaryDirectory() as scratch:
        if kind == "stubs":
            found = from_stubs(source / "tensorrt.pyi") | own_names(source / "__init__.pyi")
        else:
            found = from_module(load(source, Path(scratch))) | own_names(source / "__init__.py")
    kept = [name for name in sorted(found) if not _LEFT_OUT.search(name)]
    lines = [f"{json.dumps(name)}: {json.dumps(_public(found[name]))}" for name in kept]
    out.parent.mkdir(exist_ok=True)
    out.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
