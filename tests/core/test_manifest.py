"""Manifests that a stranger wrote are facts that a network can have, or are refused in a line."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from bundles import make_bundle
from hypothesis import given, settings
from hypothesis import strategies as st
from interpolators import make_interpolator
from pocketlens.core.bundle import read
from pocketlens.core.errors import BadBundle
from pocketlens.core.manifest import MOST_MANIFEST, Manifest, parse


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Task -> the manifest of a small bundle."""
    folder = tmp_path_factory.mktemp("bundles")
    made = [make_bundle(folder / "up.plens"), make_interpolator(folder / "between.plens")]
    return {manifest.task: manifest.model_dump() for manifest in (read(path).manifest for path in made)}


def refused(data: bytes) -> str:
    with pytest.raises(BadBundle) as error:
        parse(data, "b.plens")
    line = str(error.value)
    assert line.isprintable() and line.startswith("b.plens: its ") and len(line) < 420
    return line


JUNK = {
    "nothing": b"",
    "no JSON": b"junk",
    "another encoding": '{"format": 1}'.encode("utf-16"),
    "deep lists": b"[" * 200_000,
    "deep objects": b'{"format": 1, "provenance": ' + b'{"a": ' * 100_000,
    "a very long number": b'{"format": 1' + b"0" * 5000 + b"}",
    "half a letter": b'{"format": 1, "name": "\\ud800"}',
    "too much": b" " * (MOST_MANIFEST + 1),
}


@pytest.mark.parametrize("case", JUNK)
def test_what_is_no_manifest(case: str):
    assert "manifest" in refused(JUNK[case])


@pytest.mark.parametrize("found", ["2", "null", "true", '"1"', "[" + "1," * 999 + "1]", "1e999", "1" + "0" * 400])
def test_a_format_that_is_not_known(found: str):
    line = refused(f'{{"format": {found}}}'.encode())
    assert "this version reads format 1" in line or found == "true"


ABSURD = [
    *((key, value) for key in ("scale", "align") for value in (0, -1, 1 << 31, 1 << 63, 10**400, 1.0, "2", True, None)),
    *((key, value) for key in ("reach", "parameters") for value in (-1, 1 << 63, 10**400, 0.5)),
    *(("channels", value) for value in (0, 2, -1, 10**6, 1 << 63)),
    *(("macs_per_pixel", value) for value in (-1, float("nan"), float("inf"), 10**400)),
    *(("name", value) for value in ("", "a\nb", "\x1b[31m", "a\u2028b", "a" * 10**5, 1)),
    *(("inputs", value) for value in ([], ["a", "b"], [""], ["a\x00"], "frame")),
    *(("graphs", value) for value in ([], [{}] * 5000, [{"file": "a"}])),
    ("task", "paint"),
    ("sampling", "nearest"),
    ("limits", {"psnr_fp32": float("nan")}),
    ("quality", {"a": 1}),
    *(("curve", value) for value in ([{}], [{"step": 1e16}], [{"step": float("nan")}], [{"step": 1}] * 5000)),
    ("files", ["a"]),
    ("k" * 10**5, 1),
]


@pytest.mark.parametrize(("key", "value"), ABSURD, ids=lambda value: str(value)[:20])
def test_facts_that_no_network_has(facts: dict[str, dict[str, Any]], key: str, value: Any):
    assert "not valid" in refused(json.dumps({**facts["upscale"], key: value}).encode())


def test_a_bundle_that_does_not_say_how_frames_are_fetched_is_older_and_bilinear(facts: dict[str, dict[str, Any]]):
    older = {key: value for key, value in facts["interpolate"].items() if key != "sampling"}
    assert len(older) < len(facts["interpolate"])
    assert parse(json.dumps(older).encode(), "b.plens").sampling == "bilinear"


PAIR = {"before": "a", "after": "b", "t": 0.5, "expected": "c", "truth": "d"}


@pytest.mark.parametrize(
    ("task", "change"),
    [
        ("upscale", {"task": "interpolate"}),
        ("upscale", {"samples": [PAIR]}),
        ("upscale", {"graphs": [{"file": "a", "precision": "fp32", "face": "split", "target": "cpu"}]}),
        ("interpolate", {"task": "upscale"}),
        ("interpolate", {"scale": 2}),
        ("interpolate", {"channels": 1}),
        ("interpolate", {"inputs": ["t", "before", "after"]}),
        ("interpolate", {"samples": [{"input": "a", "expected": "b", "truth": "c"}]}),
        ("interpolate", {"samples": [{**PAIR, "t": 1.0}]}),
    ],
)
def test_facts_that_do_not_go_together(facts: dict[str, dict[str, Any]], task: str, change: dict[str, Any]):
    assert "not valid" in refused(json.dumps({**facts[task], **change}).encode())


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9), st.just(10**400)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=6,
)


@given(data=st.data())
@settings(max_examples=300, deadline=5000)
def test_a_manifest_that_was_changed_can_be_used_or_is_refused(facts: dict[str, dict[str, Any]], data: st.DataObject):
    made = copy.deepcopy(data.draw(st.sampled_from(list(facts.values()))))
    for key in data.draw(st.lists(st.sampled_from(sorted(made)), min_size=1, max_size=3)):
        value = data.draw(VALUES)
        inner = made[key]
        while isinstance(inner, dict | list) and inner and data.draw(st.booleans()):
            place = data.draw(st.sampled_from(sorted(inner) if isinstance(inner, dict) else range(len(inner))))
            inner[place], inner = value, inner[place]
        if inner is made[key]:
            made[key] = value
    try:
        manifest = parse(json.dumps(made).encode(), "b.plens")
    except BadBundle as error:
        assert str(error).isprintable() and len(str(error)) < 420
        return
    assert_usable(manifest)


def assert_usable(manifest: Manifest) -> None:
    """What the runtime takes for granted."""
    assert manifest.scale in range(1, 17) and manifest.align in range(1, 1025) and manifest.channels in (1, 3)
    assert 0 <= manifest.macs_per_pixel < float("inf")
    assert len(manifest.inputs) == (1 if manifest.task == "upscale" else 3)
    assert [manifest.ports(graph.face) for graph in manifest.graphs]
    assert manifest.model_dump_json()


@given(st.binary(max_size=60), st.integers(0, 2000), st.integers(0, 60))
@settings(max_examples=200, deadline=5000)
def test_bytes_that_were_changed_are_a_manifest_or_refused(
    facts: dict[str, dict[str, Any]], new: bytes, place: int, lost: int
):
    text = json.dumps(facts["upscale"]).encode()
    try:
        assert_usable(parse(text[:place] + new + text[place + lost :], "b.plens"))
    except BadBundle as error:
        assert str(error).isprintable() and len(str(error)) < 420
