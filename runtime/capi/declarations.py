"""The C header -> the declarations that cffi understands, so that there is one text of them."""

from __future__ import annotations

import re
from pathlib import Path

HEADER = Path(__file__).with_name("pocketlens.h")
_NEVER_IN_PYTHON = ("set_log",)
_CALL = re.compile(r"^POCKETLENS_API ([^;()]*?)pocketlens_(\w+)(\([^;]*\);)", re.MULTILINE)


def declarations() -> str:
    """The header's types, and for each `pocketlens_x` a `python_x` that Python serves."""
    text = re.sub(r"/\*.*?\*/", "", HEADER.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = re.sub(r"^#ifdef __cplusplus$.*?^#endif$", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"^#.*$", "", text, flags=re.MULTILINE)
    served = [
        f'extern "Python" {kind}python_{name}{rest}'
        for kind, name, rest in _CALL.findall(text)
        if name not in _NEVER_IN_PYTHON
    ]
    return "\n".join([_CALL.sub("", text), *served])


def served() -> list[str]:
    """Names of the functions that Python serves."""
    return re.findall(r"python_(\w+)\(", declarations())
