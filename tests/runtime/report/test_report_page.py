"""A report in a browser, on a phone and on a desktop, with JavaScript and without."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from browser import look
from commands import pocketlens
from pocketlens.core.html import Html, document, element
from reported import interpolator, upscaler

Found = list[dict[str, Any]]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    words = (upscaler(folder), interpolator(folder), "-o", folder / "a.html", "--json", folder / "a.json")
    assert pocketlens("report", *words, "--size", "16x16", "--seconds", 0, "--quiet") == 0
    return folder


@pytest.fixture(scope="module")
def seen(report: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Found, list[str]]:
    page = (report / "a.html").read_text(encoding="utf-8")
    found, asked = look(page, tmp_path_factory.mktemp("profile"))
    assert [(one["width"], one["scripts"]) for one in found] == [(390, True), (390, False), (1280, True), (1280, False)]
    return found, asked


def test_the_page_itself_is_never_scrolled_sideways(seen: tuple[Found, list[str]]):
    for one in seen[0]:
        assert one["inner"] == one["width"]
        assert one["scroll"] <= one["inner"]
    assert seen[0][0]["boxes"] > 0, "on a phone, wide tables scroll in their boxes"


def test_what_matters_is_in_sight_on_a_phone_before_anything_is_scrolled_sideways(seen: tuple[Found, list[str]]):
    for one in seen[0]:
        assert all(one["captions"]) and len(one["captions"]) > 20
        cut = {(table, column) for table, column, whole in one["cells"] if not whole}
        there = {(table, column) for table, column, _ in one["cells"]}
        for table in ("The models at a glance", "What did not pass", "What passed"):
            assert {at for at, _ in there} >= {table} and {column for at, column in cut if at == table} == set()
        assert {"verdict", "found", "allowed"} <= {column for table, column in there if table == "What did not pass"}
        assert "p50, ms" in {column for _, column in there} - {column for _, column in cut}


def test_nothing_is_fetched_and_every_picture_is_seen(seen: tuple[Found, list[str]]):
    assert set(seen[1]) == {"/", "/page.html"}
    for one in seen[0]:
        assert one["fetched"] == [] and one["unseen"] == 0 and one["images"] > 20


def test_what_tries_to_leave_the_page_is_stopped(tmp_path: Path):
    leak = Html('<img src="/leak.png"><script>document.body.append("ran")</script>')
    _, asked = look(document("leak", element("p", leak)), tmp_path)
    assert "/leak.png" not in asked
    found, asked = look(f"<!doctype html><body>{leak}", tmp_path)
    assert "/leak.png" in asked and found[0]["text"].endswith("ran"), "without the policy it would not be"


def test_pictures_are_compared_by_sliders_only_where_there_is_javascript(seen: tuple[Found, list[str]]):
    assert [one["sliders"] for one in seen[0]] == [5, 0, 5, 0]


def test_without_javascript_every_number_is_there(seen: tuple[Found, list[str]], report: Path):
    models = json.loads((report / "a.json").read_text())["models"]
    for one in seen[0]:
        for model in models:
            for row in model["speed"]["rows"]:
                assert f"{row['p50_ms']:.2f}" in one["text"] and f"{row['p99_ms']:.2f}" in one["text"]
            for way in model["measured"]:
                psnr = way["scores"]["samples"]["psnr"]
                assert f"{sum(psnr) / len(psnr):.2f}" in one["text"]
        for view in ("bicubic", "frame average", "truth"):
            assert view in one["text"]
        assert one["lang"] == "en"
