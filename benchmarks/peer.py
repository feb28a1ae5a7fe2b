"""A program that we are measured next to, in a process and an environment of its own."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent
PYTHON = HERE.parent / ".venv-peers" / "bin" / "python"
"""What `make bench` installs the peers for."""


class Peer:
    """A script of `peers/`, given its arguments; a `Turn` of `interleaved`.

    Raises RuntimeError, with the last line that it said, for one that does not start.
    """

    def __init__(self, script: str, *arguments: object, python: Path = PYTHON, threads: int = 1) -> None:
        command = [python, HERE / "peers" / script, *arguments, threads]
        # What takes its threads from OpenMP takes as many as it is told, and does not spin in the others' turns.
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "PASSIVE"}
        pipe = subprocess.PIPE
        with tempfile.TemporaryFile("w+") as errors:
            self._process = subprocess.Popen(
                [str(word) for word in command], stdin=pipe, stdout=pipe, stderr=errors, text=True, env=environment
            )
            if self._answer() != "ready":
                self.close()
                errors.seek(0)
                said = errors.read().strip().splitlines()
                raise RuntimeError(f"{script} does not run: {said[-1] if said else 'it said nothing'}")

    def __call__(self, count: int) -> Sequence[float]:
        """Make so many calls; gives the milliseconds of each."""
        assert self._process.stdin
        self._process.stdin.write(f"{count}\n")
        self._process.stdin.flush()
        return [float(word) for word in self._answer().split()]

    def _answer(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        """End the process."""
        self._process.communicate()
