"""Catalogs: a file in a folder is the registration, its name is the key."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from pathlib import Path
from typing import Any

from .errors import BadInput, nearest

_ROOT = __name__.partition(".")[0]
_FOLDER = Path(__file__).parents[1]


class Catalog:
    """The constants called `constant` in the files of some folders, imported on demand.

    `prefix` narrows a folder to the files whose name starts with it; the key is what follows.
    """

    def __init__(self, what: str, constant: str, *folders: str, prefix: str = "") -> None:
        self.what, self.constant = what, constant
        self._folders, self._prefix = folders, prefix

    def _modules(self) -> dict[str, str]:
        return {
            module.name.removeprefix(self._prefix): f"{_ROOT}.{folder.replace('/', '.')}.{module.name}"
            for folder in self._folders
            for module in pkgutil.iter_modules([str(_FOLDER / folder)])
            if module.name.startswith(self._prefix)
        }

    def names(self) -> list[str]:
        """Every key, sorted; imports nothing."""
        return sorted(self._modules())

    def get(self, name: str) -> Any:
        """The constant registered under `name` (dashes and underscores are one).

        Raises BadInput for an unknown name.
        """
        key, modules = name.replace("-", "_"), self._modules()
        if key not in modules:
            raise BadInput(f"unknown {self.what} '{name}'; {nearest(key, modules)}")
        return getattr(importlib.import_module(modules[key]), self.constant)

    def summaries(self) -> dict[str, str]:
        """Key -> first line of its file's docstring, read without importing the file."""
        found = {}
        for name, module in sorted(self._modules().items()):
            file = _FOLDER.joinpath(*module.split(".")[1:]).with_suffix(".py")
            docstring = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
            found[name] = docstring.partition("\n")[0].rstrip(".")
        return found

    def items(self) -> list[tuple[str, Any]]:
        """Every (key, constant), sorted by key; imports them all."""
        return [(name, self.get(name)) for name in self.names()]


TEACHERS = Catalog("teacher", "MODEL", "teachers")
STUDENTS = Catalog("student", "MODEL", "students")
NETWORKS = Catalog("network", "MODEL", "teachers", "students")
LOSSES = Catalog("loss", "LOSS", "distill/losses")
TARGETS = Catalog("export target", "TARGET", "export", prefix="to_")
ENGINES = Catalog("engine", "ENGINE", "runtime/engines")
CHECKS = Catalog("check of a graph", "CHECK", "export/checks")
RULES = Catalog("rule", "RULE", "export", prefix="rule_")
"""What export keeps to and training has to know; so distill need not know the export side."""
SOURCES = Catalog("kind of model", "SOURCE", "export", prefix="from_")
"""How something that is not a bundle becomes one in memory; so the runtime need not know the export side."""
