"""The teacher runs once over a picture, and what is kept of it stays within its bound."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from pocketlens.core import checkpoint
from pocketlens.core.catalog import NETWORKS
from pocketlens.core.errors import BadInput
from pocketlens.core.resize import resize
from pocketlens.core.spec import ModelSpec
from pocketlens.distill import cache as cache_module
from pocketlens.distill.cache import PICTURE, Maps, TeacherCache
from pocketlens.distill.data import make_pairs, read_pictures
from pocketlens.distill.evaluate import Pair, degrader
from pocketlens.distill.upscaling import AskedUpscaler
from runs import write_photos, write_teacher

CPU = torch.device("cpu")
GB = 1e9


@pytest.fixture
def pairs(photos: Path) -> list[Pair]:
    return make_pairs(read_pictures(str(photos)), 2)


def make_cache(
    teacher: Path, taps: tuple[str, ...] = ("trunk",), channels: int = 1, limit: float = 1.0
) -> TeacherCache:
    return TeacherCache(AskedUpscaler(checkpoint.load(teacher), taps, student(channels), CPU), limit)


def student(channels: int = 1, scale: int = 2) -> ModelSpec:
    model = NETWORKS.get("sesr" if channels == 1 else "srvgg")
    return model.spec(model.options(scale=scale))


def count_runs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one for each whole picture that the teacher is run over."""
    runs: list[int] = []
    original = AskedUpscaler.__call__

    def counted(asked: AskedUpscaler, pair: Pair) -> Maps:
        if pair.lr.any():
            runs.append(len(runs))
        return original(asked, pair)

    monkeypatch.setattr(AskedUpscaler, "__call__", counted)
    return runs


def kept_bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*.npy"))


def test_it_keeps_what_the_teacher_makes(teacher: Path, pairs: list[Pair]):
    colour, grey = make_cache(teacher, channels=3), make_cache(teacher, channels=1)
    for cache in (colour, grey):
        cache.fill(pairs, quiet=True)
    loaded = checkpoint.load(teacher)
    rgb = torch.from_numpy(np.ascontiguousarray(np.moveaxis(pairs[0].lr[..., ::-1], -1, 0))).float()[None] / 255
    with torch.inference_mode():
        made = loaded.network(rgb)[0].numpy()
    maps = colour(pairs[0])
    np.testing.assert_allclose(maps[PICTURE], made, atol=2e-3)
    assert maps["trunk"].shape == (4, pairs[0].lr.shape[0] // 2, pairs[0].lr.shape[1] // 2)
    # ITU-R BT.601, limited range, over 255.
    y = (16 + 65.481 * made[0] + 128.553 * made[1] + 24.966 * made[2]) / 255
    np.testing.assert_allclose(grey(pairs[0])[PICTURE][0], y, atol=1e-3)


def test_an_odd_picture_is_padded_for_the_teacher_and_its_picture_cut_back(teacher: Path, tmp_path: Path):
    odd = make_pairs(read_pictures(str(write_photos(tmp_path / "odd", 1, 42, 54))), 2)
    cache = make_cache(teacher)
    cache.fill(odd, quiet=True)
    assert cache(odd[0])[PICTURE].shape == (1, 42, 54)
    assert cache(odd[0])["trunk"].shape == (4, 11, 14)


def test_a_fill_that_was_cut_off_goes_on_where_it_stopped(
    teacher: Path, pairs: list[Pair], monkeypatch: pytest.MonkeyPatch
):
    cache, original = make_cache(teacher), cache_module.write_bytes
    written: list[Path] = []

    def cut_off(path: Path, data: bytes) -> None:
        if len(written) == 7:
            raise KeyboardInterrupt
        written.append(path)
        original(path, data)

    monkeypatch.setattr(cache_module, "write_bytes", cut_off)
    with pytest.raises(KeyboardInterrupt):
        cache.fill(pairs, quiet=True)
    monkeypatch.setattr(cache_module, "write_bytes", original)
    runs = count_runs(monkeypatch)
    cache.fill(pairs, quiet=True)
    assert len(runs) == len(pairs) - 7 // 2
    cache.fill(pairs, quiet=True)
    assert len(runs) == len(pairs) - 7 // 2


def test_other_weights_are_another_cache(teacher: Path, pairs: list[Pair], tmp_path: Path):
    first, second = make_cache(teacher), make_cache(write_teacher(tmp_path / "second", seed=1))
    first.fill(pairs, quiet=True)
    second.fill(pairs, quiet=True)
    assert first.folder != second.folder
    assert not np.array_equal(first(pairs[0])[PICTURE], second(pairs[0])[PICTURE])


def test_a_changed_picture_is_run_again(teacher: Path, pairs: list[Pair], monkeypatch: pytest.MonkeyPatch):
    cache = make_cache(teacher)
    cache.fill(pairs, quiet=True)
    runs = count_runs(monkeypatch)
    cache.fill([Pair(pairs[0].name, pairs[0].hr, pairs[0].lr + np.uint8(1)), *pairs[1:]], quiet=True)
    assert len(runs) == 1


def test_what_would_not_fit_is_refused_before_the_teacher_runs(teacher: Path, pairs: list[Pair], tmp_path: Path):
    cache = make_cache(teacher, limit=1e-5)
    with pytest.raises(BadInput, match=r"cache_gb allows 1e-05; use --set cache_gb="):
        cache.require_room(pairs)
    assert not (tmp_path / "cache").exists()
    make_cache(teacher, limit=1e-2).require_room(pairs)


def test_all_teachers_together_keep_the_bound(teacher: Path, pairs: list[Pair], tmp_path: Path):
    first = make_cache(teacher)
    first.fill(pairs, quiet=True)
    needed = kept_bytes(tmp_path / "cache")
    limit = 1.5 * needed / GB
    second = make_cache(write_teacher(tmp_path / "second", seed=1), limit=limit)
    second.require_room(pairs)
    second.fill(pairs, quiet=True)
    assert kept_bytes(tmp_path / "cache") <= limit * GB
    assert all(second(pair) for pair in pairs)
    assert kept_bytes(first.folder) > 0, "more was thrown away than the bound asked for"


def test_pictures_of_earlier_runs_make_room_for_those_of_this_one(teacher: Path, pairs: list[Pair], tmp_path: Path):
    make_cache(teacher).fill(pairs[:5], quiet=True)
    limit = 1.1 * kept_bytes(tmp_path / "cache") / GB
    cache = make_cache(teacher, limit=limit)
    cache.fill(pairs[4:], quiet=True)
    assert kept_bytes(tmp_path / "cache") <= limit * GB
    assert all(cache(pair) for pair in pairs[4:])


def test_what_another_run_removed_meanwhile_is_asked_again(
    teacher: Path, pairs: list[Pair], monkeypatch: pytest.MonkeyPatch
):
    cache = make_cache(teacher)
    cache.fill(pairs, quiet=True)
    before = {name: np.array(values) for name, values in cache(pairs[0]).items()}
    runs = count_runs(monkeypatch)
    for file in cache.folder.glob(f"{pairs[0].digest}.*"):
        file.unlink()
    for _ in range(2):
        for name, values in cache(pairs[0]).items():
            np.testing.assert_array_equal(values, before[name])
    assert len(runs) == 1


def test_what_a_run_asked_for_last_is_kept_longest(teacher: Path, pairs: list[Pair]):
    small = make_cache(teacher, taps=())
    for pair in pairs[:2]:
        small.fill([pair], quiet=True)
    first, second = ([*small.folder.glob(f"{pair.digest}.*")] for pair in pairs[:2])
    for age, files in enumerate((second, first)):
        for file in files:
            os.utime(file, (age, age))
    small.fill(pairs[1:2], quiet=True)
    room = kept_bytes(small.folder) + 1
    make_cache(teacher, taps=(), limit=room / GB).fill(pairs[2:3], quiet=True)
    assert all(file.exists() for file in second) and not any(file.exists() for file in first)


def test_its_answer_to_a_blank_shows_the_shapes_to_expect(teacher: Path):
    asked = AskedUpscaler(checkpoint.load(teacher), ("shallow", "trunk"), student(), CPU)
    maps = asked(asked.blank())
    assert maps[PICTURE].shape == (1, 32, 32)
    assert {name: maps[name].shape[0] for name in ("shallow", "trunk")} == {"shallow": 4, "trunk": 4}


def test_a_picture_worn_in_several_ways_is_asked_about_in_each(
    teacher: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
):
    pictures, runs = read_pictures(str(photos))[:2], count_runs(monkeypatch)

    def fill(*ways: int) -> TeacherCache:
        cache = make_cache(teacher)
        cache.fill(make_pairs(pictures, 2, degraders=[degrader("real", 0, way) for way in ways]), quiet=True)
        return cache

    fill(0, 1)
    assert len(runs) == 4
    fill(0, 1, 2)
    assert len(runs) == 6, "what is kept of a degradation was not found again"


@pytest.mark.parametrize("channels", [1, 3])
def test_the_picture_of_a_teacher_that_enlarges_more_is_made_as_small_as_the_students(
    tmp_path: Path, photos: Path, channels: int
):
    larger = checkpoint.load(write_teacher(tmp_path / "x4", scale=4, features=4, growth=2, blocks=1))
    pair = make_pairs(read_pictures(str(photos))[:1], 4)[0]
    whole = AskedUpscaler(larger, (), student(channels, 4), CPU)(pair)[PICTURE].astype(np.float32)
    half = AskedUpscaler(larger, (), student(channels, 2), CPU)(pair)[PICTURE].astype(np.float32)
    height, width = pair.lr.shape[:2]
    assert half.shape == (channels, 2 * height, 2 * width)
    wanted = resize(np.moveaxis(whole, 0, -1), 2 * height, 2 * width).reshape(2 * height, 2 * width, channels)
    inside = (slice(None), slice(2, -2), slice(2, -2))
    np.testing.assert_allclose(half[inside], np.moveaxis(wanted, -1, 0)[inside], atol=4e-3)


def test_what_it_answers_to_many_crops_at_once_is_what_it_answers_to_each(teacher: Path, pairs: list[Pair]):
    asked = AskedUpscaler(checkpoint.load(teacher), ("trunk",), student(), CPU)
    hr, lr = np.stack([pair.hr[:32, :32] for pair in pairs[:3]]), np.stack([pair.lr[:16, :16] for pair in pairs[:3]])
    together = asked.answer(Pair("crops", hr, lr))
    for index in range(3):
        alone = asked(Pair("crop", hr[index], lr[index]))
        np.testing.assert_allclose(together.picture[index].numpy(), alone[PICTURE], atol=2e-3)
        np.testing.assert_allclose(together.taps["trunk"][index].numpy(), alone["trunk"], atol=2e-3)
    assert not together.picture.is_inference(), "a loss cannot be worked out on it"
