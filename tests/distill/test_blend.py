"""`distill blend`: between the weights of two runs, and only of one network."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from bundles import make_bundle
from commands import pocketlens
from pocketlens.core import checkpoint
from runs import write_teacher
from safetensors import torch as safetensors


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    return write_teacher(tmp_path / "first"), write_teacher(tmp_path / "second", seed=1)


def state(path: Path) -> dict[str, torch.Tensor]:
    return checkpoint.load(path).network.state_dict()


@pytest.mark.parametrize("alpha", [0.0, 0.2, 1.0])
def test_the_weights_are_shares_of_both(pair: tuple[Path, Path], tmp_path: Path, alpha: float):
    out, facts = tmp_path / "out", tmp_path / "facts.json"
    assert pocketlens("distill", "blend", *pair, "--alpha", alpha, "--out", out, "--json", facts, "-q") == 0
    one, other, made = (state(path) for path in (*pair, out))
    for name, value in made.items():
        torch.testing.assert_close(value, (1 - alpha) * one[name] + alpha * other[name])
    told = json.loads(facts.read_text())
    assert told == json.loads((out / "blend.json").read_text())
    assert told["alpha"] == alpha and [each["name"] for each in told["of"]] == ["first", "second"]
    assert told["of"][1]["weights_sha256"] == checkpoint.load(pair[1]).digest


def test_what_cannot_be_blended_is_one_clear_line(
    pair: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    wider = write_teacher(tmp_path / "wider", scale=2, features=8, growth=2, blocks=1)
    other = write_teacher(tmp_path / "other", "sesr", scale=2)
    bundle = make_bundle(tmp_path / "tiny.plens")

    def refused(first: Path, second: Path, alpha: float = 0.5) -> str:
        assert pocketlens("distill", "blend", first, second, "--alpha", alpha, "--out", tmp_path / "out") == 2
        message = capsys.readouterr().err
        assert message.count("\n") == 1 and not (tmp_path / "out").exists()
        return message

    assert "only weights of one network can be blended" in refused(pair[0], wider)
    assert "only weights of one network can be blended" in refused(pair[0], other)
    assert "is a bundle" in refused(pair[0], bundle)
    assert "no model 'absent'" in refused(Path("absent"), pair[0])
    assert "alpha = 1.5 is not from 0" in refused(*pair, alpha=1.5)


def test_an_output_that_exists_is_kept_unless_forced(pair: tuple[Path, Path], tmp_path: Path):
    (tmp_path / "out").mkdir()
    arguments = ["distill", "blend", *pair, "--alpha", 0.5, "--out", tmp_path / "out", "-q"]
    assert pocketlens(*arguments) == 2
    assert pocketlens(*arguments, "--force") == 0


def test_a_run_in_int8_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    model, int8 = (write_teacher(tmp_path / name, "sesr", scale=2) for name in ("model", "int8"))
    weights = safetensors.load_file(int8 / "weights.safetensors")
    ranges = {"first.int8.low": torch.tensor(0.0), "first.int8.high": torch.tensor(1.0)}
    safetensors.save_file(weights | ranges, int8 / "weights.safetensors")
    assert pocketlens("distill", "blend", model, int8, "--alpha", 0.5, "--out", tmp_path / "out") == 2
    assert "was trained in int8" in capsys.readouterr().err
