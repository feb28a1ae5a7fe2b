"""What a file asks of TensorRT, told from its source, and whether a TensorRT of some version has that.

Whose attribute something is follows from what it was made by (`trt.Builder(log)`, `builder.create_network(...)`) or,
where that is in another file, from its name: our code calls a TensorRT object by what it is.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Record = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Class -> member -> `calls`: each way to call it, as names of arguments and how many of them are needed; `gives`: the
class of what comes of it. An enum within a class is a class of its own, `ILogger.Severity`."""

MODULE = "the module"
NAMED = {
    "trt": MODULE,
    "module": MODULE,
    "builder": "Builder",
    "config": "IBuilderConfig",
    "network": "INetworkDefinition",
    "parser": "OnnxParser",
    "profile": "IOptimizationProfile",
    "runtime": "Runtime",
    "engine": "ICudaEngine",
    "context": "IExecutionContext",
}
"""What our names stand for, leading underscores aside."""
_UNTOLD = {"OnnxParser.get_error": "ParserError"}
"""What type information does not tell of what a method gives."""
_KIND, _OTHER = "class ", "something else"
_EVERYDAY = {
    "name",
    "profile",
    "module",
    "builder",
    "context",
    "engine",
    "errors",
    "log",
    "size",
    "shape",
    "flags",
    "load",
}
"""Names of TensorRT's that other things have as well."""


@dataclass(frozen=True)
class Use:
    """One name that is asked of TensorRT."""

    line: int
    owner: str
    """The class, or the module; empty where the source does not tell."""
    member: str
    call: ast.Call | None = None
    override: int | None = None
    """Of a method that we write over TensorRT's: how many arguments it takes."""

    def __str__(self) -> str:
        return f"line {self.line}: {self.owner}.{self.member}"


def uses(source: str, record: Record) -> Iterator[Use]:
    """Every use of TensorRT in a Python file."""
    yield from _Reader(record).read(ast.parse(source))


def problem(use: Use, record: Record) -> str | None:
    """Why this TensorRT cannot do what is asked; None when it can."""
    if not use.owner:
        return f"{use}: it cannot be told whose this is; name it as one of {', '.join(NAMED)}"
    if use.owner == MODULE:
        return None if use.member in record else f"{use}: there is no such name"
    members = record[use.owner]
    if use.member not in members:
        return f"{use}: there is no such member"
    calls = members[use.member].get("calls")
    if use.override is not None:
        fits = any(len(names) == use.override for names, _ in calls or ())
        return None if fits else f"{use}: it takes other arguments than {use.override}"
    if use.call is None or calls is None:
        return None
    return None if any(_fits(use.call, *call) for call in calls) else f"{use}: it is not called like that"


def _fits(call: ast.Call, names: list[str], needed: int) -> bool:
    """Whether arguments can be given so to a function with these, the first `needed` of which have no default."""
    if any(isinstance(one, ast.Starred) for one in call.args) or any(one.arg is None for one in call.keywords):
        return True
    given = {one.arg for one in call.keywords} | set(names[: len(call.args)])
    return len(call.args) + len(call.keywords) == len(given) and set(names[:needed]) <= given <= set(names)


@dataclass
class _Reader:
    record: Record
    known: dict[str, str] = field(default_factory=dict)
    """Variable -> the class of what it holds."""
    guarded: frozenset[str] = frozenset()
    """Members that are known to be there, for they were asked after."""

    def read(self, node: ast.AST, call: ast.Call | None = None) -> Iterator[Use]:
        """The uses in a node and below it, in the order of the source."""
        if isinstance(node, ast.Attribute):
            yield from self._attribute(node, call)
        elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            yield from self.read(node.value)
            name = node.targets[0].id
            self.known[name] = self._type(node.value) or NAMED.get(name.strip("_")) or _OTHER
        elif isinstance(node, ast.FunctionDef | ast.Lambda):
            inner = _Reader(self.record, dict(self.known), self.guarded)
            for child in ast.iter_child_nodes(node):
                yield from inner.read(child)
        elif isinstance(node, ast.ClassDef):
            yield from self._class(node)
        elif isinstance(node, ast.If | ast.IfExp):
            yield from self._choice(node)
        else:
            for child in ast.iter_child_nodes(node):
                yield from self.read(child, node if isinstance(node, ast.Call) and child is node.func else None)

    def _attribute(self, node: ast.Attribute, call: ast.Call | None) -> Iterator[Use]:
        yield from self.read(node.value)
        owner = self._type(node.value)
        kind = (owner or _OTHER).removeprefix(_KIND)
        if node.attr in self.guarded:
            return
        if kind == MODULE or kind in self.record:
            if kind == MODULE and call and node.attr in self.record:
                yield Use(node.lineno, node.attr, "__init__", call)
            yield Use(node.lineno, kind, node.attr, None if kind != owner else call)
        elif self._is_telling(node.attr):
            yield Use(node.lineno, "", node.attr)

    def _is_telling(self, name: str) -> bool:
        """Whether only TensorRT's objects have members of that name."""
        return (
            name not in _EVERYDAY
            and "_" in name.strip("_")
            and any(name in members for members in self.record.values())
        )

    def _class(self, node: ast.ClassDef) -> Iterator[Use]:
        for base in node.bases:
            yield from self.read(base)
            kind = (self._type(base) or "").removeprefix(_KIND)
            ours = [one for one in node.body if isinstance(one, ast.FunctionDef) and one.name != "__init__"]
            for method in ours:
                if method.name in self.record.get(kind, {}):
                    yield Use(method.lineno, kind, method.name, override=len(method.args.args) - 1)
        for statement in node.body:
            yield from self.read(statement)

    def _choice(self, node: ast.If | ast.IfExp) -> Iterator[Use]:
        yield from self.read(node.test)
        asked = {
            str(one.args[1].value)
            for one in ast.walk(node.test)
            if isinstance(one, ast.Call)
            and isinstance(one.func, ast.Name)
            and one.func.id == "hasattr"
            and isinstance(one.args[1], ast.Constant)
        }
        before, self.guarded = self.guarded, self.guarded | asked
        for child in node.body if isinstance(node, ast.If) else [node.body]:
            yield from self.read(child)
        self.guarded = before
        for child in node.orelse if isinstance(node, ast.If) else [node.orelse]:
            yield from self.read(child)

    def _type(self, node: ast.expr) -> str | None:
        """The class of what an expression gives, or `class NAME` of a class itself; None where that is not told."""
        if isinstance(node, ast.Name):
            return self.known.get(node.id) or NAMED.get(node.id.strip("_"))
        if isinstance(node, ast.Call):
            made = self._type(node.func)
            return made.removeprefix(_KIND) if made else None
        if not isinstance(node, ast.Attribute):
            return None
        owner = self._type(node.value)
        if owner == MODULE:
            return _KIND + node.attr
        nested = f"{(owner or '').removeprefix(_KIND)}.{node.attr}"
        if nested in self.record:
            return _KIND + nested
        if owner is not None and owner in self.record:
            return _UNTOLD.get(f"{owner}.{node.attr}") or self.record[owner].get(node.attr, {}).get("gives")
        return NAMED.get(node.attr.strip("_")) if owner is None else None
