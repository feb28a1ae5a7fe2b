"""Write down what names a TensorRT has, from its published type information; a person runs this when a version is added.

    python tests/record_tensorrt.py stubs FOLDER/tensorrt-stubs/__init__.pyi tests/tensorrt_names/10.13.json
    python tests/record_tensorrt.py bindings FOLDER/tensorrt_bindings tests/tensorrt_names/11.4.json

The bindings cannot start without the libraries, which no package registry has. Their names need none of them: the
functions that they ask for are put in their place, each doing nothing. That takes gcc and nm.
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
_LEFT_OUT = re.compile(r"Layer$|Layer\.|Plugin|^_")
"""Classes that we have no part in: the layers of networks, and ways to add to them."""


def from_stubs(file: Path) -> dict[str, Members]:
    """Class -> its members, from a file of type stubs."""
    found: dict[str, Members] = {}
    for name, node in _classes(ast.parse(file.read_text(encoding="utf-8"))):
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


def _classes(node: ast.AST, outer: str = "") -> Iterator[tuple[str, ast.ClassDef]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield outer + child.name, child
            yield from _classes(child, f"{outer}{child.name}.")


def _add(members: Members, function: ast.FunctionDef) -> None:
    """One function of a class, which may be one of several of that name."""
    decorators = {ast.unparse(one) for one in function.decorator_list}
    gives = re.findall(r"\w+", ast.unparse(function.returns))[-1:] if function.returns else []
    member: dict[str, Any] = {"gives": gives[0]} if gives and gives[0] != "None" else {}
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
            if inspect.isclass(member) and key != "__class__":
                members[key] = {}
                look(member, f"{name}.{key}")
            elif key == "__init__" or not key.startswith("__"):
                getter = member.fget if isinstance(member, property) else member
                for function in _signatures(key, getattr(getter, "__doc__", "") or "", isinstance(member, property)):
                    _add(members, function)
                members.setdefault(key, {})
        found[name] = members

    for name, kind in inspect.getmembers(module, inspect.isclass):
        look(kind, name)
    return found


def _signatures(name: str, doc: str, is_property: bool) -> Iterator[ast.FunctionDef]:
    marker = "@property" if is_property else "@overload"
    for given, made in re.findall(rf"^(?:\d+\. )?{name if not is_property else ''}\((.*)\) -> (.*)$", doc, re.MULTILINE):
        source = re.sub(r"<[^<>]*>", "...", f"{marker}\ndef {name}({given}) -> {made}: ...")
        (function,) = ast.parse(source).body
        assert isinstance(function, ast.FunctionDef)
        yield function


def load(folder: Path, scratch: Path) -> ModuleType:
    """The bindings, with libraries that do nothing in the place of TensorRT's."""
    (binary,) = folder.glob("tensorrt*.so")
    wanted = subprocess.run(["readelf", "-d", binary], check=True, capture_output=True, text=True).stdout
    symbols = subprocess.run(["nm", "-D", "--undefined-only", binary], check=True, capture_output=True, text=True).stdout
    names = {line.split()[-1].partition("@")[0] for line in symbols.splitlines() if " U " in line}
    empty = [f"void *{name}(void) {{ return 0; }}" for name in sorted(names) if re.match(r"create|get|init|nv|cu", name)]
    for index, library in enumerate(re.findall(r"\[(libnv\w+\.so[.\d]*|libcu\w+\.so[.\d]*)\]", wanted)):
        (scratch / "a.c").write_text("\n".join(empty if not index else []))
        command = ["gcc", "-shared", "-fPIC", "-w", "-Wl,-soname," + library, "-o", scratch / library, scratch / "a.c"]
        subprocess.run(command, check=True)
        ctypes.CDLL(str(scratch / library), ctypes.RTLD_GLOBAL)
    spec = importlib.util.spec_from_file_location("tensorrt", binary)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Read and write the files that the command line names."""
    kind, source, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    with tempfile.TemporaryDirectory() as scratch:
        found = from_stubs(source) if kind == "stubs" else from_module(load(source, Path(scratch)))
    lines = [f"{json.dumps(name)}: {json.dumps(found[name])}" for name in sorted(found) if not _LEFT_OUT.search(name)]
    out.parent.mkdir(exist_ok=True)
    out.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
