"""Record which wheels the base install takes on 64-bit ARM, as a package index offers them.

    python tests/aarch64_wheels.py

Asks pip, which downloads what it must to read a package's requirements and installs nothing. Writes
`aarch64_wheels.json` beside this file: for each Python of `PYTHONS`, every package of the base install at the version
that constraints.txt pins, and the wheel that serves boards whose glibc is `GLIBC` or newer. `test_aarch64.py` reads it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from source import ROOT, project

RECORD = Path(__file__).with_suffix(".json")
PYTHONS = ("3.11", "3.12")
"""The oldest that we run on, and that of JetPack 7."""
GLIBC = (2, 35)
"""Of Ubuntu 22.04, which is JetPack 6."""


def platforms() -> list[str]:
    """The platforms whose wheels such a board takes, as pip wants each of them named."""
    newest = range(GLIBC[1], 16, -1)
    return [f"manylinux_{GLIBC[0]}_{minor}_aarch64" for minor in newest] + ["manylinux2014_aarch64"]


def wheels(python: str) -> dict[str, dict[str, str]]:
    """Package -> its version and the name of its wheel, of the base install and all that it needs."""
    named = [word for platform in platforms() for word in ("--platform", platform)]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--disable-pip-version-check"]
        command += ["--ignore-installed", "--report", "-", "--target", folder, "--only-binary", ":all:", *named]
        command += ["--python-version", python, "--implementation", "cp", "-c", str(ROOT / "constraints.txt")]
        done = subprocess.run([*command, *project()["project"]["dependencies"]], check=True, stdout=subprocess.PIPE)
    found = {}
    for package in json.loads(done.stdout)["install"]:
        facts, file = package["metadata"], package["download_info"]["url"].rpartition("/")[2]
        found[facts["name"].lower().replace("_", "-")] = {"version": facts["version"], "wheel": file}
    return dict(sorted(found.items()))


if __name__ == "__main__":
    record = {python: wheels(python) for python in PYTHONS}
    RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
