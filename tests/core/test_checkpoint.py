"""Checkpoints that cannot be used are refused in one line, and no code in them runs."""

from __future__ import annotations

import json
import math
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from pocketlens.core import checkpoint
from pocketlens.core.errors import BadInput
from pocketlens.students.fsrcnn import MODEL, Options
from safetensors import torch as safetensors
from shared_data import WEIGHTS, needs_shared


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A folder with a small checkpoint."""
    options = Options(d=4, s=2, m=1)
    checkpoint.save(tmp_path, "fsrcnn", options, MODEL.spec(options).build())
    return tmp_path


def change_facts(folder: Path, **facts: Any) -> None:
    file = folder / "model.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **facts}))


class RunsCommand:
    """Unpickled carelessly, it leaves a file behind."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.mark}",)


@pytest.mark.parametrize("wrap", [pickle.dumps, lambda content: pickle.dumps({"params": content}, protocol=2)])
def test_a_pickle_that_wants_to_run_code_is_refused_and_does_not_run(tmp_path: Path, wrap: Any):
    (tmp_path / "evil.pth").write_bytes(wrap(RunsCommand(tmp_path / "mark")))
    torch.save({"weight": RunsCommand(tmp_path / "mark")}, tmp_path / "evil.zip.pth")
    for name in ("evil.pth", "evil.zip.pth"):
        with pytest.raises(BadInput, match=r"evil.* was refused: .*run code") as refused:
            checkpoint.load(tmp_path / name)
        assert "\n" not in str(refused.value)
    assert not (tmp_path / "mark").exists()


def test_a_missing_checkpoint_is_named(tmp_path: Path):
    with pytest.raises(BadInput, match=r"no weights at .*weights\.safetensors"):
        checkpoint.load(tmp_path)
    with pytest.raises(BadInput, match=r"no weights at .*absent\.pth"):
        checkpoint.load(tmp_path / "absent.pth")


def test_a_damaged_foreign_checkpoint_is_refused(tmp_path: Path):
    torch.save({"weight": torch.zeros(100)}, tmp_path / "a.pth")
    data = (tmp_path / "a.pth").read_bytes()
    for broken in (b"", b"no checkpoint at all", b"junk", data[: len(data) // 2], data[:10]):
        (tmp_path / "a.pth").write_bytes(broken)
        with pytest.raises(BadInput, match=r"a\.pth") as refused:
            checkpoint.load(tmp_path / "a.pth")
        assert "\n" not in str(refused.value)


def test_damaged_weights_of_ours_are_refused(saved: Path):
    weights = saved / "weights.safetensors"
    data = weights.read_bytes()
    for broken in (b"", data[:7], data[: len(data) // 2], b"\xff" * 64):
        weights.write_bytes(broken)
        with pytest.raises(BadInput, match="no readable checkpoint"):
            checkpoint.load(saved)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"model": "fsrcn"}, "unknown network 'fsrcn'; did you mean 'fsrcnn'"),
        ({"options": {"depth": 3}}, "unknown key 'depth' in options of .*model.json"),
        ({"options": {"scale": 7}}, "model.json: scale"),
        ({"options": 3}, "no readable checkpoint"),
        ({"options": {"scale": 2, "d": 5, "s": 2, "m": 1}}, "does not fit the network 'fsrcnn'"),
        ({"model": "sesr", "options": {}}, "does not fit the network 'sesr'"),
    ],
)
def test_facts_that_do_not_fit_the_weights_are_refused(saved: Path, facts: dict[str, Any], message: str):
    change_facts(saved, **facts)
    with pytest.raises(BadInput, match=message):
        checkpoint.load(saved)


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"head.int8.low": [-math.inf], "head.int8.high": [1.0]}, "head.int8 goes from -inf to 1.0, which is no range"),
        ({"head.int8.low": [0.0], "head.int8.high": [float("nan")]}, "head.int8 goes from 0.0 to nan"),
        ({"head.int8.low": [0.0]}, "head.int8.low and .high are no range of int8"),
        ({"head.int8.low": [0.0, 0.0], "head.int8.high": [1.0]}, "are no range of int8"),
        ({"tail.int8.low": [0.0], "tail.int8.high": [1.0]}, "does not fit the network 'fsrcnn'"),
    ],
)
def test_ranges_of_int8_that_are_none_are_refused(saved: Path, tensors: dict[str, list[float]], message: str):
    state = safetensors.load_file(saved / "weights.safetensors")
    added = {name: torch.tensor(values) for name, values in tensors.items()}
    safetensors.save_file(state | added, saved / "weights.safetensors")
    with pytest.raises(BadInput, match=message):
        checkpoint.load(saved)


def test_ranges_of_int8_are_kept_apart_from_the_weights(saved: Path):
    state = safetensors.load_file(saved / "weights.safetensors")
    ranges = {"head.int8.low": torch.tensor(-0.5), "head.int8.high": torch.tensor(2.0)}
    safetensors.save_file(state | ranges, saved / "weights.safetensors")
    assert checkpoint.load(saved).ranges == {"head": (-0.5, 2.0)}


def test_facts_that_are_missing_or_no_json_are_refused(saved: Path):
    (saved / "model.json").write_text("[1, 2]")
    with pytest.raises(BadInput, match="no readable checkpoint"):
        checkpoint.load(saved)
    (saved / "model.json").unlink()
    with pytest.raises(BadInput, match=r"model\.json is missing"):
        checkpoint.load(saved)


def test_a_scale_that_is_not_the_networks_is_refused(saved: Path):
    assert checkpoint.load(saved, scale=2).spec.scale == 2
    with pytest.raises(BadInput, match="upscales x2, not x3"):
        checkpoint.load(saved, scale=3)


@pytest.mark.parametrize("content", [3, [torch.zeros(2)], {"weight": "text"}, {"params": {"a": 1}}])
def test_a_file_without_a_state_dict_is_refused(tmp_path: Path, content: Any):
    torch.save(content, tmp_path / "a.pth")
    with pytest.raises(BadInput, match="holds no state dict"):
        checkpoint.load(tmp_path / "a.pth")


@needs_shared
def test_weights_of_a_network_that_is_not_here_are_refused():
    with pytest.raises(BadInput, match="fit none of the networks here"):
        checkpoint.load(WEIGHTS / "perceptual" / "squeezenet1_1_caffe.pth")
