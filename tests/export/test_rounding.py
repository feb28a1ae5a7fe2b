"""Kernels on the int8 grid make of pictures what they made before, or keep at least their sums."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from pocketlens.export.rounding import as_seen, round_kernels


def convolution(weight: np.ndarray, transposed: bool = False, stride: int = 1) -> onnx.ModelProto:
    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("x", "y")]
    node = helper.make_node(
        "ConvTranspose" if transposed else "Conv", ["x", "w"], ["y"], name="conv", strides=[stride, stride]
    )
    graph = helper.make_graph([node], "g", value[:1], value[1:], [numpy_helper.from_array(weight, "w")])
    return helper.make_model(graph)


def rounded(weight: np.ndarray, transposed: bool = False, stride: int = 1, skipped: frozenset[str] = frozenset()):
    model = convolution(weight, transposed, stride)
    round_kernels(model, skipped, {})
    return numpy_helper.to_array(model.graph.initializer[0])


kernels = st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 5), st.integers(0, 2**32 - 1)).map(
    lambda drawn: np.random.default_rng(drawn[3]).normal(size=(*drawn[:2], drawn[2], drawn[2])).astype(np.float32)
)


@settings(max_examples=60, deadline=None)
@given(kernels)
def test_entries_lie_on_the_grid_and_next_to_where_they_were(weight: np.ndarray):
    step = np.abs(weight).max(axis=(1, 2, 3), keepdims=True) / 127
    made = rounded(weight) / step
    np.testing.assert_allclose(made, np.rint(made), atol=1e-3)
    assert np.abs(made).max() <= 127.001
    assert np.abs(made - weight / step).max() <= 1.001


@settings(max_examples=60, deadline=None)
@given(kernels)
def test_the_largest_entry_of_a_channel_is_not_moved(weight: np.ndarray):
    np.testing.assert_allclose(
        np.abs(rounded(weight)).max(axis=(1, 2, 3)), np.abs(weight).max(axis=(1, 2, 3)), rtol=1e-6
    )


@settings(max_examples=60, deadline=None)
@given(kernels)
def test_the_sum_of_each_kernel_is_right_to_half_a_step(weight: np.ndarray):
    step = np.abs(weight).max(axis=(1, 2, 3))[:, None] / 127
    off = np.abs(rounded(weight).sum((2, 3)) - weight.sum((2, 3))) / step
    # A kernel of one entry, and one whose few entries all make the scale, have none to flip.
    assert off.max() <= (0.501 if weight.shape[-1] > 2 else 1.001)


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 4), st.integers(0, 2**32 - 1))
def test_each_phase_of_a_transposed_convolution_is_a_kernel_of_its_own(stride: int, seed: int):
    weight = np.random.default_rng(seed).normal(size=(3, 2, 9, 9)).astype(np.float32)
    made = rounded(weight, transposed=True, stride=stride)
    step = np.abs(weight).max(axis=(0, 2, 3))[None, :] / 127
    for top in range(stride):
        for left in range(stride):
            phase = (..., slice(top, None, stride), slice(left, None, stride))
            off = np.abs(made[phase].sum((2, 3)) - weight[phase].sum((2, 3))) / step
            assert off.max() <= 0.501


@pytest.mark.parametrize("value", [0.0, 0.25])
def test_flat_kernels_stay_as_they_are(value: float):
    weight = np.full((2, 3, 3, 3), value, np.float32)
    np.testing.assert_allclose(rounded(weight), weight, rtol=1e-6)


def test_a_convolution_left_in_float_is_not_touched():
    weight = np.random.default_rng(0).normal(size=(2, 2, 3, 3)).astype(np.float32)
    np.testing.assert_array_equal(rounded(weight, skipped=frozenset({"conv"})), weight)


def moments_of(channels: int) -> torch.Tensor:
    """Of 3x3 patches like those of pictures: mostly bright, neighbours and channels much alike."""
    channel, y, x = (axis.ravel()[:, None] for axis in np.mgrid[:channels, :3, :3])
    alike = np.exp(-((y - y.T) ** 2 + (x - x.T) ** 2) / 8) * np.where(channel == channel.T, 1, 0.9)
    return torch.from_numpy(0.25 + 0.1 * alike + 1e-4 * np.eye(len(y)))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_what_kernels_make_of_the_patches_they_were_seen_to_read_is_nearer_than_with_sums_alone(seed: int):
    weight = np.random.default_rng(seed).normal(size=(32, 3, 3, 3)).astype(np.float32)
    seen = moments_of(3)
    step = np.abs(weight).max(axis=(1, 2, 3), keepdims=True) / 127
    made = as_seen(torch.from_numpy(weight), seen).numpy()
    np.testing.assert_allclose(made / step, np.rint(made / step), atol=1e-3)
    np.testing.assert_allclose(np.abs(made).max(axis=(1, 2, 3)), np.abs(weight).max(axis=(1, 2, 3)), rtol=1e-6)

    def error(rounded: np.ndarray) -> float:
        off = torch.from_numpy((rounded - weight).reshape(32, -1)).double()
        return float(((off @ seen) * off).sum())

    assert error(made) < 0.9 * error(rounded(weight))


def test_kernels_of_zeros_and_patches_of_nothing_are_no_trouble():
    weight = torch.zeros(2, 1, 3, 3)
    weight[0, 0, 1, 1] = 0.5
    for seen in (torch.zeros(9, 9).double(), torch.ones(9, 9).double()):
        torch.testing.assert_close(as_seen(weight, seen), weight)


def test_moments_decide_only_where_they_are_known():
    weight = np.random.default_rng(0).normal(size=(2, 2, 3, 3)).astype(np.float32)
    model = convolution(weight)
    round_kernels(model, (), {"conv": moments_of(2)})
    expected = as_seen(torch.from_numpy(weight), moments_of(2)).numpy()
    np.testing.assert_array_equal(numpy_helper.to_array(model.graph.initializer[0]), expected)
    assert not np.array_equal(expected, rounded(weight))
