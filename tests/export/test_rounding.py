"""Kernels on the int8 grid keep their sums."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from pocketlens.export.rounding import round_kernels


def convolution(weight: np.ndarray, transposed: bool = False, stride: int = 1) -> onnx.ModelProto:
    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("x", "y")]
    node = helper.make_node(
        "ConvTranspose" if transposed else "Conv", ["x", "w"], ["y"], name="conv", strides=[stride, stride]
    )
    graph = helper.make_graph([node], "g", value[:1], value[1:], [numpy_helper.from_array(weight, "w")])
    return helper.make_model(graph)


def rounded(weight: np.ndarray, transposed: bool = False, stride: int = 1, skipped: frozenset[str] = frozenset()):
    model = convolution(weight, transposed, stride)
    round_kernels(model, skipped)
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
