"""Who sees a progress line."""

from __future__ import annotations

import io

import pytest
from pocketlens.core import progress as module
from pocketlens.core.progress import progress, silently
from pocketlens.runtime import api
from rich.console import Console


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What a terminal has been shown."""
    shown = io.StringIO()
    monkeypatch.setattr(module, "Console", lambda **_: Console(file=shown, force_terminal=True))
    return shown


def work() -> None:
    with progress("working", 3) as advance:
        for _ in range(3):
            advance()


def test_a_terminal_is_shown_it(terminal: io.StringIO):
    work()
    assert "working" in terminal.getvalue()


def test_within_silence_nothing_is_shown_whoever_asks(terminal: io.StringIO):
    with silently(), silently(False):
        work()
    with silently(False):
        assert terminal.getvalue() == ""
        work()
    assert "working" in terminal.getvalue()


def test_the_flat_surface_is_silent(terminal: io.StringIO, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(api, "open_bundle", lambda _: work())
    _, handle = api.create("sesr-x2")
    api.load(handle)
    assert api.destroy(handle) == api.Status.OK
    assert terminal.getvalue() == ""
