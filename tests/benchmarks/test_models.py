"""docs/models.md and README's tables say what was measured."""

from __future__ import annotations

import json

import models
import pytest


def test_the_pages_have_every_figure_as_the_results_say():
    for path, text in models.pages().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run python benchmarks/models.py"


def test_a_figure_that_changes_changes_both_pages(monkeypatch: pytest.MonkeyPatch, tmp_path: models.Path):
    results = json.loads(models.RESULTS.read_text(encoding="utf-8"))
    for one in [*results["models"], *results["beside"]]:
        for score in one["scores"].values():
            score["mean"] = {key: value + 1 for key, value in score["mean"].items() if value}
    (tmp_path / "models.json").write_text(json.dumps(results))
    monkeypatch.setattr(models, "RESULTS", tmp_path / "models.json")
    for path, text in models.pages().items():
        assert path.read_text(encoding="utf-8") != text
