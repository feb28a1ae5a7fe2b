"""The package's own source, read and not imported."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "pocketlens"

When = Literal["import", "call", "check"]


def project() -> dict[str, Any]:
    """What pyproject.toml says."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def folders() -> list[Path]:
    """The folders that the wheel is made of, as pyproject.toml lists them."""
    return [ROOT.joinpath(*name.split(".")[1:]) for name in project()["tool"]["setuptools"]["packages"]]


def modules() -> dict[str, Path]:
    """Dotted name under the package -> file, of every shipped module; a package goes by its folder."""
    found = {}
    for folder in folders():
        for path in folder.glob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(part for part in parts if part != "__init__")] = path
    return found


def parse(path: Path) -> ast.Module:
    """A file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@dataclass(frozen=True)
class Import:
    """One imported name."""

    name: str
    """As written for other packages; for this one, dotted under the package after a leading `pocketlens.`."""
    when: When
    """On importing the module, on calling a function of it, or never but by type checkers."""


def imports(module: str, path: Path) -> Iterator[Import]:
    """Every import statement of a module, its relative ones resolved."""
    place = [PACKAGE, *module.split(".")] if module else [PACKAGE]
    if path.name == "__init__.py":
        place.append("__init__")
    yield from _imports(parse(path), place, "import")


def _imports(node: ast.AST, place: list[str], when: When) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, when) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            base = place[: -child.level] if child.level else []
            stem = ".".join([*base, *([child.module] if child.module else [])])
            yield from (Import(f"{stem}.{alias.name}", when) for alias in child.names)
        yield from _imports(child, place, _when(child, when))


def _when(node: ast.AST, around: When) -> When:
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return "check"
    return "call" if around == "import" and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else around
