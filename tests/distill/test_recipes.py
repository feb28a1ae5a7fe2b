"""Recipes: what is shipped loads, and what is misspelt is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pocketlens.core.card import NOT_STATED
from pocketlens.core.errors import BadInput
from pocketlens.distill import recipe as recipes
from runs import PLAIN, recipe, write_recipe
from source import ROOT


def load(tmp_path: Path, content: dict[str, Any], *changes: str) -> recipes.Recipe:
    return recipes.load(str(write_recipe(tmp_path / "mine.toml", content)), changes)


@pytest.mark.parametrize("name", recipes.summaries())
def test_shipped_recipes_are_valid_and_say_what_they_are(name: str):
    loaded = recipes.load(name)
    assert loaded.summary == recipes.summaries()[name] != ""
    spec = loaded.student_spec()
    assert (spec.task, spec.scale) in (("upscale", 2), ("upscale", 3), ("upscale", 4), ("interpolate", 1))


@pytest.mark.parametrize("name", recipes.summaries())
def test_shipped_recipes_say_what_they_are_for_and_what_not(name: str):
    card = recipes.load(name).card
    assert NOT_STATED not in (card.intended_use, card.not_for, card.limits)


def test_a_recipe_reads_back_as_it_was_written(tmp_path: Path):
    loaded = recipes.load("sesr-x2")
    (tmp_path / "again.toml").write_text(loaded.dump())
    assert recipes.load(str(tmp_path / "again.toml")) == loaded


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stepz": 3}, r"unknown key 'stepz' in .*mine\.toml; did you mean 'steps'\?"),
        ({"data": {"pach": 3}}, r"unknown key 'pach' in \[data\] of .*; did you mean 'patch'\?"),
        ({"optimiser": {"learning": 3}}, r"unknown key 'learning' in \[optimiser\]"),
        (
            {"student": {"name": "sesr", "chanels": 3}},
            r"unknown key 'chanels' in \[student\]; did you mean 'channels'\?",
        ),
        ({"student": {"nmae": "sesr"}}, r"student: needs a key 'name'; is 'nmae' meant to be it\?"),
        ({"student": {"name": "sers"}}, "unknown network 'sers'; did you mean 'sesr'"),
        (
            {"loss": [{"name": "pixel", "wieght": 2}]},
            r"unknown key 'wieght' in \[\[loss\]\] pixel; did you mean 'weight'\?",
        ),
        ({"loss": [{"name": "pixl"}]}, "unknown loss 'pixl'; did you mean 'pixel'"),
        ({"loss": []}, "loss: .*at least 1 item"),
        ({"loss": [{"name": "pixel", "weight": 0}]}, "loss.0.weight: .*greater than 0"),
        ({"loss": [{"name": "soft", "alpha": 2}]}, "alpha: .*less than or equal to 1"),
        ({"loss": [{"name": "pixel", "norm": "l3"}]}, "norm: .*'l1', 'l2' or 'charbonnier'"),
        ({"steps": "many"}, "steps: .*valid integer"),
        ({"steps": 0}, "steps: .*greater than or equal to 1"),
        ({"batch": 1.5}, "batch: .*valid integer"),
        ({"seed": -1}, "seed: .*greater than or equal to 0"),
        ({"data": 3}, "data: "),
        ({"limits": {"pnsr": 3}}, r"unknown key 'pnsr' in \[limits\] of .*; did you mean 'psnr'\?"),
        ({"card": {"purpose": "a"}}, r"unknown key 'purpose' in \[card\]"),
        ({"card": {"intended_use": ""}}, "card.intended_use: .*at least 1 character"),
        ({"limits": {"latency": 0}}, "limits.latency: .*greater than 0"),
        ({"data": {"sizes": [2.0]}}, "sizes: needs factors above 0 and up to 1"),
        ({"data": {"degradation": "reel"}}, "data.degradation: .*'bicubic' or 'real'"),
        ({"data": {"variants": 2}}, "data: variants are of degradation = 'real'"),
        ({"optimiser": {"lr": float("inf")}}, "optimiser.lr: .*finite"),
        ({"student": {"name": "sesr", "blocks": 0}}, r"\[student\]: blocks: .*greater than or equal to 1"),
        ({"student": {"name": "fsrcnn", "scale": 5}}, r"\[student\]: scale: .*2, 3 or 4"),
    ],
)
def test_a_wrong_recipe_is_one_line_that_names_key_and_place(tmp_path: Path, changes: dict[str, Any], message: str):
    with pytest.raises(BadInput, match=message) as refused:
        load(tmp_path, recipe(tmp_path, **changes))
    assert "\n" not in str(refused.value)


def test_the_owner_sets_limits_and_leaves_the_others(tmp_path: Path):
    limits = load(tmp_path, recipe(tmp_path, limits={"psnr": 0.01, "tiled": 0})).limits
    assert (limits.psnr, limits.tiled, limits.latency, limits.gap) == (0.01, 0, 0.1, None)


def test_a_key_that_is_missing_is_named(tmp_path: Path):
    content = recipe(tmp_path)
    del content["steps"]
    with pytest.raises(BadInput, match="steps: Field required"):
        load(tmp_path, content)


def test_changes_reach_every_level(tmp_path: Path):
    changed = load(
        tmp_path,
        recipe(tmp_path),
        "steps=1e3",
        "optimiser.lr=0.5",
        "student.name=fsrcnn",
        "student={ name = 'fsrcnn', d = 8 }",
        "loss.0.norm=l2",
        "data.val=['a', 'b']",
        "teacher=some folder",
    )
    assert (changed.steps, changed.optimiser.lr, changed.student_options().d) == (1000, 0.5, 8)
    assert (changed.loss[0].loss_options().norm, changed.data.val) == ("l2", ["a", "b"])
    assert changed.teacher == "some folder"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("steps", "lacks a value"),
        ("stepz=3", "unknown key 'stepz'"),
        ("data.pach=3", "unknown key 'pach'"),
        ("steps.more=3", "no 'steps.more' in the recipe"),
        ("loss.7.norm=l2", "no 'loss.7.norm' in the recipe"),
        ("loss.first.norm=l2", "no 'loss.first.norm' in the recipe"),
    ],
)
def test_a_wrong_change_is_one_clear_line(tmp_path: Path, change: str, message: str):
    with pytest.raises(BadInput, match=message):
        load(tmp_path, recipe(tmp_path), change)


def test_given_folders_take_the_place_of_the_recipes(tmp_path: Path):
    path = write_recipe(tmp_path / "mine.toml", recipe(tmp_path, loss=PLAIN))
    assert recipes.load(str(path), train=["it's", "b"]).data.train == ["it's", "b"]


def test_a_recipe_that_is_not_there_gets_the_nearest(tmp_path: Path):
    with pytest.raises(BadInput, match="no recipe 'ses-x2'; did you mean 'sesr-x2'"):
        recipes.load("ses-x2")
    with pytest.raises(BadInput, match="give the path of a TOML file"):
        recipes.load(str(tmp_path / "absent.toml"))
    (tmp_path / "broken.toml").write_text("steps = = 3")
    with pytest.raises(BadInput, match="cannot be read as TOML"):
        recipes.load(str(tmp_path / "broken.toml"))
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadInput, match="cannot be read as TOML"):
        recipes.load(str(tmp_path / "binary.toml"))


@pytest.mark.parametrize("run", sorted(ROOT.glob("*/weights/*")), ids=lambda path: path.name)
def test_the_recipe_of_a_shipped_run_can_be_run_again(run: Path):
    assert recipes.load(str(run / "recipe.toml")).summary
