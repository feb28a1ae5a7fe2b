"""Crops that are worn anew in every step."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pocketlens.core.errors import BadInput
from pocketlens.distill.degraded_crops import DegradedCrops
from pocketlens.distill.evaluate import Pair
from pocketlens.distill.taps import Outputs
from scenes import scene


def crops(seed: int = 3, patch: int = 12, channels: int = 3, scale: int = 2) -> DegradedCrops:
    return DegradedCrops([(f"{index}.png", scene(index, 60, 70)) for index in range(3)], scale, patch, channels, seed)


def test_a_batch_is_a_function_of_seed_and_step_and_not_of_the_number_of_threads():
    first = crops().batch(5, 4).target
    torch.set_num_threads(2)
    again = crops().batch(5, 4).target
    assert torch.equal(first.inputs[0], again.inputs[0]) and torch.equal(first.picture, again.picture)
    assert not torch.equal(first.inputs[0], crops().batch(6, 4).target.inputs[0])
    assert not torch.equal(first.inputs[0], crops(seed=4).batch(5, 4).target.inputs[0])


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("patch", "scale"), [(12, 2), (30, 2), (15, 4)])
def test_crops_have_their_shape_and_range_up_to_the_whole_picture(channels: int, patch: int, scale: int):
    batch = crops(channels=channels, patch=patch, scale=scale).batch(0, 5)
    assert batch.target.inputs[0].shape == (5, channels, patch, patch)
    assert batch.target.picture.shape == (5, channels, patch * scale, patch * scale)
    assert batch.teacher is None
    assert batch.target.picture.min() >= 0 and batch.target.picture.max() <= 1


def test_the_truth_is_of_the_place_that_was_worn():
    """Brightness and its trends survive the wear: those of another place would not be alike."""
    target = crops(patch=16).batch(0, 40).target
    small = torch.nn.functional.avg_pool2d(target.picture, 8)
    worn = torch.nn.functional.avg_pool2d(target.inputs[0], 4)
    alike = [torch.corrcoef(torch.stack([a.ravel(), b.ravel()]))[0, 1] for a, b in zip(small, worn, strict=True)]
    assert torch.tensor(alike).median() > 0.8


def test_one_picture_is_worn_otherwise_in_every_crop():
    flat = DegradedCrops([("flat.png", np.full((24, 24, 3), 128, np.uint8))], 2, 12, 3, seed=0)
    worn = flat.batch(0, 8).target.inputs[0]
    assert len({crop.numpy().tobytes() for crop in worn}) == 8


def test_the_teacher_is_shown_the_worn_crops():
    shown: list[Pair] = []

    def teacher(crops: Pair) -> Outputs:
        shown.append(crops)
        return Outputs(torch.full((len(crops.lr), 3, 24, 24), 0.5), {})

    batch = crops().batch(0, 4, teacher)
    assert batch.teacher is not None and batch.teacher.picture.shape == (4, 3, 24, 24)
    for crops_shown, tensor in ((shown[0].lr, batch.target.inputs[0]), (shown[0].hr, batch.target.picture)):
        rgb = np.moveaxis(crops_shown[..., ::-1], -1, 1).astype(np.float32) / 255
        np.testing.assert_array_equal(rgb, tensor.numpy())


def test_pictures_smaller_than_the_crop_are_left_out_and_counted():
    small = ("small.png", np.zeros((20, 90, 3), np.uint8))
    assert DegradedCrops([small, ("a.png", scene(0, 60, 60))], 2, 12, 3, 0).too_small == 1
    with pytest.raises(BadInput, match=r"smaller than the crop of 12 px \(the largest has 10\)"):
        DegradedCrops([small], 2, 12, 3, 0)
