"""What the library runs first: it makes pocketlens importable, or says why it cannot.

Not imported but copied into the library, with SITE_PACKAGES, a list of folders, in front. Its last line raises what
the caller is told.
"""

import importlib
import os
import site
import sys

_OVERRIDE = "POCKETLENS_SITE_PACKAGES"


def _start(baked: list[str]) -> None:
    given = os.environ.get(_OVERRIDE)
    folders = given.split(os.pathsep) if given else baked
    for folder in folders:
        site.addsitedir(folder)
    try:
        for module in ("_cffi_backend", "pocketlens.runtime.capi.face"):
            importlib.import_module(module)
    except BaseException as error:
        minor = ".".join(map(str, sys.version_info[:2]))
        raise ImportError(
            f"pocketlens cannot be imported from {os.pathsep.join(folders)} ({type(error).__name__}: {error}); "
            f"set {_OVERRIDE} to the site-packages of a Python {minor} environment that has pocketlens[capi]"
        ) from error


_start(SITE_PACKAGES)  # type: ignore[name-defined]  # noqa: F821
