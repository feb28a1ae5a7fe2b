"""What the library knows of the Python environment that it was built in, as C."""

from __future__ import annotations

import os
import string
import sys
import sysconfig
from pathlib import Path

_PACKAGE = Path(__file__).parents[2]
_PLAIN = set(string.ascii_letters + string.digits + " _./:=-(),")
_SERVE = "from _pocketlens import ffi\nfrom pocketlens.runtime.capi.face import serve\nserve(ffi)\n"


def baked() -> bytes:
    """The definitions that `library.c` includes."""
    start = Path(__file__).with_name("start.py").read_text(encoding="utf-8")
    facts = {
        "HOME": f"{sys.base_prefix}:{sys.base_exec_prefix}",
        "STANDARD_LIBRARY": str(Path(sysconfig.get_path("stdlib"), "os.py")),
        "START": f"SITE_PACKAGES = {site_packages()!r}\n{start}",
        "SERVE": _SERVE,
    }
    return b"".join(b"#define %s %s\n" % (name.encode(), _literal(os.fsencode(text))) for name, text in facts.items())


def site_packages() -> list[str]:
    """The folders that packages are imported from here, first that of a checkout which lies outside of them."""
    checkout = [str(_PACKAGE.parent)] if _PACKAGE.name == "pocketlens" else []
    return list(dict.fromkeys([*checkout, sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]))


def _literal(text: bytes) -> bytes:
    """A string of C; a byte that is not plainly itself is said in three octal digits."""
    told = (b"%c" % byte if chr(byte) in _PLAIN else b"\\%03o" % byte for byte in text)
    return b'"%s"' % b"".join(told)
