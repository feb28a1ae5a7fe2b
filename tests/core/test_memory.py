"""Memory serves again when it is let go of, and not before."""

from __future__ import annotations

import weakref
from collections.abc import Callable

import numpy as np
import pytest
from pocketlens.core.memory import Pool


def address(array: np.ndarray) -> int:
    return array.ctypes.data


def test_an_array_that_was_let_go_of_comes_again():
    pool = Pool()
    first = address(pool.empty((4, 5), np.uint8))
    again = pool.empty((4, 5), np.uint8)
    assert (address(again), again.shape, again.dtype) == (first, (4, 5), np.uint8)


@pytest.mark.parametrize("kept", [lambda a: a, lambda a: a[1:, ::2], lambda a: a[None].reshape(-1), memoryview])
def test_what_is_held_is_not_given_again(kept: Callable[[np.ndarray], memoryview | np.ndarray]):
    pool = Pool()
    held = [kept(pool.empty((4, 5), np.uint8)) for _ in range(40)]
    made = {address(np.asarray(array)) for array in held}
    assert len(made) == len(held)
    assert address(pool.empty((4, 5), np.uint8)) not in made


def test_shape_and_kind_are_those_asked_for():
    pool = Pool()
    for shape, kind in (((4, 5), np.uint8), ((5, 4), np.uint8), ((4, 5), np.float32), ((20,), np.dtype(np.uint16))):
        made = pool.empty(shape, kind)
        assert (made.shape, made.dtype) == (shape, kind)


def test_arrays_of_old_sizes_are_forgotten():
    pool = Pool()
    old = weakref.ref(pool.empty((7, 7), np.uint8))
    assert old() is not None
    for side in range(1000):
        pool.empty((side, 1), np.uint8)
    assert old() is None


def test_a_pool_remembers_no_more_arrays_than_a_queue_holds():
    pool = Pool()
    collected = [pool.empty((3, 3), np.uint8) for _ in range(1000)]
    alive = [weakref.ref(array) for array in collected]
    del collected
    assert sum(array() is not None for array in alive) < 20


def test_what_is_offered_goes_to_the_first_who_asks_for_just_that():
    pool, mine = Pool(), np.empty((4, 5), np.uint8)
    with pool.offering(mine):
        others = [pool.empty(shape, kind) for shape, kind in (((5, 4), np.uint8), ((4, 5), np.float32))]
        first, second = (pool.empty((4, 5), np.uint8) for _ in range(2))
    assert first is mine
    assert not any(np.may_share_memory(mine, array) for array in (*others, second))


def test_what_nobody_took_is_offered_no_more():
    pool, mine = Pool(), np.empty((4, 5), np.uint8)
    with pytest.raises(ZeroDivisionError), pool.offering(mine):
        raise ZeroDivisionError
    assert pool.empty((4, 5), np.uint8) is not mine
