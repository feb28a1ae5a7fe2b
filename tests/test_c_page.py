"""docs/c.md tells the truth."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from built import C89, build_library, compile_with, outside
from source import ROOT

PAGE = (ROOT / "docs" / "c.md").read_text(encoding="utf-8")


def test_the_program_on_the_page_upscales_what_it_is_given(tmp_path: Path):
    (program,) = re.findall(r"```c\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "page.c").write_text(program, encoding="utf-8")
    compiled = compile_with(build_library(tmp_path / "library"), C89, tmp_path / "page.c", tmp_path / "page")
    done = subprocess.run([compiled], cwd="/", env=outside(), capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("0 320 240\n40 320 240\n80 320 240\n", "")
