"""docs/embedding.md tells the truth."""

from __future__ import annotations

import re
import subprocess
import sys

from pocketlens.runtime import api
from pocketlens.runtime.settings import SETTINGS
from source import ROOT

PAGE = (ROOT / "docs" / "embedding.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading, without its head."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    table = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in table[2:]]


def test_every_status_is_listed_with_its_number():
    assert [(name.strip("`"), int(number)) for name, number, _ in rows("Statuses")] == [(s.name, s) for s in api.Status]


def test_every_setting_is_listed_with_its_kind_and_default():
    listed = {key.strip("`"): (kind, unasked) for key, kind, unasked, _ in rows("Settings")}
    known = {
        key: (" or ".join(kind.__name__ for kind in setting.kinds), f"{setting.default}".removesuffix(".0"))
        for key, setting in SETTINGS.items()
    }
    assert listed == known


def test_every_call_and_format_is_listed():
    calls = {name for name in api.__all__ if name.islower()} - {"describe"}
    assert {name for call, _ in rows("Calls") for name in re.findall(r"`(\w+)", call)} == calls
    assert [form for form in api.PixelFormat if f"`{form.name}`" not in PAGE] == []


def test_the_program_on_the_page_upscales_what_it_is_given():
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("0 320 240\n40 320 240\n80 320 240\n", "")
