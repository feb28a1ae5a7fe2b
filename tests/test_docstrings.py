"""Whoever reads the code finds a line about everything that is public."""

from __future__ import annotations

import ast

from source import ROOT, modules, parse

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def test_every_public_module_class_and_function_has_a_docstring():
    bare = []
    for path in modules().values():
        tree, place = parse(path), path.relative_to(ROOT)
        if not ast.get_docstring(tree):
            bare.append(f"{place}")
        public = [node for node in tree.body if isinstance(node, DEFINITIONS) and not node.name.startswith("_")]
        bare += [f"{place}: {node.name}" for node in public if not ast.get_docstring(node)]
    assert bare == []
