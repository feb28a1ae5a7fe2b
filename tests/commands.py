"""The command line, called in this process."""

from __future__ import annotations

import pytest
from pocketlens.cli import GROUP


def pocketlens(*arguments: object) -> int:
    """Run `pocketlens` with these arguments and return its exit code."""
    with pytest.raises(SystemExit) as ended:
        GROUP.main([str(argument) for argument in arguments], prog_name="pocketlens")
    return int(ended.value.code or 0)
