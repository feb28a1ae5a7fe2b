"""The header and the library, for programs in C."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from ...core.errors import MachineCannot, need
from ...core.files import whole
from .baked import baked
from .declarations import HEADER, declarations

LIBRARY = "libpocketlens.so"
# -z nodelete: an interpreter cannot be unloaded.
_HOW = f"-O2 -fPIC -fvisibility=hidden -shared -pthread -Wl,-z,nodelete -Wl,-soname,{LIBRARY}".split()


def build(out: Path) -> None:
    """Write the header and the library, which uses the Python environment that this runs in, into the folder `out`.

    Raises MachineCannot where there is no cffi, no C compiler, or a Python that cannot be linked with.
    """
    cffi, compiler, python = need("cffi", "capi"), _compiler(), _python()
    with whole(out, folder=True) as draft, tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        for folder in (draft, scratch):
            shutil.copy(HEADER, folder)
        (scratch / "baked.h").write_bytes(baked())
        maker = cffi.FFI()
        maker.cdef(declarations())
        maker.embedding_init_code("")
        source = HEADER.with_name("library.c").read_text(encoding="utf-8")
        need("cffi.recompiler").make_c_source(maker, "_pocketlens", source, str(scratch / "library.c"))
        _compile([*compiler, *_HOW, "library.c", "-o", str((draft / LIBRARY).absolute()), *python], scratch)


def _compile(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace")
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"]
        telling = next((line for line in lines if "error" in line), lines[-1])
        raise MachineCannot(f"{command[0]} cannot make the library: {telling}")


def _compiler() -> list[str]:
    """The words that call the C compiler: those of CC, or cc."""
    words = shlex.split(os.environ.get("CC", "")) or ["cc"]
    if shutil.which(words[0]) is None:
        raise MachineCannot(f"no C compiler: there is no {words[0]}; install one (Debian: gcc), or name it in CC")
    return words


def _python() -> list[str]:
    """Options that link with the shared library of this Python, and find it again when the program runs."""
    include, name = sysconfig.get_path("include"), str(sysconfig.get_config_var("LDLIBRARY"))
    if not name.endswith(".so"):
        raise MachineCannot(f"{sys.executable} was built without --enable-shared; use a Python that has libpython")
    if not Path(include, "Python.h").is_file():
        raise MachineCannot(f"the headers of Python are missing from {include}; install them (Debian: python3-dev)")
    folders = [str(sysconfig.get_config_var("LIBDIR")), str(Path(sys.base_prefix, "lib"))]
    found = [folder for folder in dict.fromkeys(folders) if Path(folder, name).exists()]
    return [f"-I{include}", *(f"-L{f}" for f in found), *(f"-Wl,-rpath,{f}" for f in found), f"-l{name[3:-3]}", "-ldl"]
