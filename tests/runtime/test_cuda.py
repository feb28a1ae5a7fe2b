"""CUDA's own runtime, on a GPU: memory there and back, graphs, and too much of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from pocketlens.core.errors import MachineCannot, OutOfMemory
from pocketlens.core.gpu import first_gpu
from pocketlens.runtime.cuda import MODULE, Cuda, Memory

pytestmark = pytest.mark.gpu
VALUES = np.arange(1000, dtype=np.float32)


@pytest.fixture
def cuda() -> Cuda:
    try:
        first_gpu()
    except MachineCannot as error:
        pytest.skip(str(error))
    pytest.importorskip(MODULE)
    return Cuda("trt")


@pytest.fixture
def way(cuda: Cuda) -> Iterator[tuple[Memory, Memory, int]]:
    """Memory whose values go up, memory that they come down into, and a stream for both."""
    above, below, stream = Memory(cuda, staged=True), Memory(cuda, staged=True), cuda.new_stream()
    for memory in (above, below):
        memory.grow(VALUES.nbytes)
    yield above, below, stream
    for memory in (above, below):
        memory.free()
    cuda.call("cudaStreamDestroy", stream)


def queue(cuda: Cuda, way: tuple[Memory, Memory, int]) -> None:
    above, below, stream = way
    cuda.copy(above.device, above.host, VALUES.nbytes, stream, up=True)
    cuda.copy(below.host, above.device, VALUES.nbytes, stream, up=False)


def test_values_go_up_and_come_down(cuda: Cuda, way: tuple[Memory, Memory, int]):
    above, below, stream = way
    above.array(VALUES.shape, VALUES.dtype)[...] = VALUES
    queue(cuda, way)
    cuda.call("cudaStreamSynchronize", stream)
    np.testing.assert_array_equal(below.array(VALUES.shape, VALUES.dtype), VALUES)


def test_a_graph_does_what_was_captured_as_often_as_it_is_launched(cuda: Cuda, way: tuple[Memory, Memory, int]):
    above, below, stream = way
    given, made = (memory.array(VALUES.shape, VALUES.dtype) for memory in (above, below))
    given[...], made[...] = VALUES, 0
    graph = cuda.capture(stream, lambda: queue(cuda, way))
    assert not made.any(), "what is captured is not done"
    for factor in (1, 2, 3):
        given[...] = VALUES * factor
        cuda.call("cudaGraphLaunch", graph, stream)
        cuda.call("cudaStreamSynchronize", stream)
        np.testing.assert_array_equal(made, VALUES * factor)
    cuda.release("cudaGraphExecDestroy", graph)


def test_more_memory_than_there_is_is_said_to_be_that_and_does_no_harm(cuda: Cuda, way: tuple[Memory, Memory, int]):
    memory = Memory(cuda, staged=True)
    with pytest.raises(OutOfMemory, match="out of memory"):
        memory.grow(1 << 50)
    memory.grow(100)
    memory.free()
    test_values_go_up_and_come_down(cuda, way)
