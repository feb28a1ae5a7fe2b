"""A student in torch on a device: eagerly, as a CUDA graph, and with the copies from and to the host."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from interleaved import turn_of
from pocketlens.core.motion import Between
from torch import Tensor, nn

_COPIED = 1 << 28
"""Bytes copied to measure bandwidth on a GPU: several times what its cache holds."""


@dataclass(frozen=True)
class Way:
    """One way to run a student on one size of frame."""

    name: str
    begins: str
    """`device`, with frames that are on it already, or `host`, from the caller's memory and back."""
    call: Callable[[], object]
    """One picture, finished when it returns."""
    picture: Callable[[], np.ndarray]
    """(C, H, W) in [0, 1], which is what the call makes."""
    close: Callable[[], object] = lambda: None


def finish(device: str) -> None:
    """Wait for all that was asked of a device."""
    if device != "cpu":
        torch.cuda.synchronize()


def ready(network: nn.Module, device: str) -> Callable[..., Tensor]:
    """The network as a function of frames on the device: in fp16 on a GPU, maps with channels last.

    What a network makes float32 of itself, flows and places, stays so.
    """
    kind = torch.float32 if device == "cpu" else torch.float16
    torch.backends.cudnn.benchmark = True
    moved_there = copy.deepcopy(network).to(device, kind, memory_format=torch.channels_last)  # type: ignore[call-overload]

    def run(*inputs: Tensor) -> Tensor:
        # There is nothing to keep: the weights are in fp16, and what a graph captures must not be in a cache.
        with torch.inference_mode(), torch.autocast(device, kind, enabled=device != "cpu", cache_enabled=False):
            made = moved_there(*inputs)
            return (made.picture if isinstance(made, Between) else made).float().clamp(0, 1)

    return run


def torch_ways(network: nn.Module, feeds: Sequence[np.ndarray], device: str, failed: dict[str, str]) -> Iterator[Way]:
    """The ways of a network on these arrays, frames and, of an interpolator, a moment; what fails goes to `failed`."""
    run, kind = ready(network, device), "fp32" if device == "cpu" else "fp16"
    host = [torch.from_numpy(array) for array in feeds]
    inputs = [placed(tensor, device) for tensor in host]
    yield _way(f"torch {kind}, channels last", "device", lambda: run(*inputs), device)
    if device == "cpu":
        return
    try:
        replay, given, made = captured(run, inputs)
    except RuntimeError as error:
        failed["CUDA graph"] = str(error).partition("\n")[0]
        return
    yield _way(f"torch {kind}, channels last, CUDA graph", "device", lambda: (replay(), made)[1], device)
    pinned = [tensor.pin_memory() for tensor in host]
    result = torch.empty(made.shape, pin_memory=True)

    def round_trip() -> Tensor:
        for tensor, place in zip(pinned, given, strict=True):
            place.copy_(tensor, non_blocking=True)
        replay()
        return result.copy_(made, non_blocking=True)

    yield _way(f"torch {kind}, channels last, CUDA graph", "host", round_trip, device)


def placed(tensor: Tensor, device: str) -> Tensor:
    """A tensor as the network on a device wants it; a moment keeps its digits."""
    if tensor.ndim < 4:
        return tensor.to(device)
    return tensor.to(device, torch.float32 if device == "cpu" else torch.float16, memory_format=torch.channels_last)


def captured(run: Callable[..., Tensor], inputs: Sequence[Tensor]) -> tuple[Callable[[], object], list[Tensor], Tensor]:
    """A CUDA graph of it: what replays it, the tensors that it reads, and the one that it writes."""
    given = [tensor.clone() for tensor in inputs]
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(3):  # libraries choose their kernels before anything is captured
            run(*given)
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        made = run(*given)
    return graph.replay, given, made


def _way(name: str, begins: str, run: Callable[[], Tensor], device: str) -> Way:
    def call() -> Tensor:
        made = run()
        finish(device)
        return made

    return Way(name, begins, call, lambda: call()[0].cpu().numpy())


def bandwidth(device: str, size: int = _COPIED) -> float:
    """Bytes a second, read and written, of a copy within the device's memory: the fastest of some."""
    source, target = (torch.empty(size, dtype=torch.uint8, device=device).fill_(1) for _ in range(2))
    milliseconds = turn_of(lambda: (target.copy_(source), finish(device)))(12)
    return 2 * size / min(milliseconds) * 1e3


def moved(network: nn.Module, feeds: Sequence[np.ndarray], size: int = 2) -> int:
    """Bytes of the maps that the convolutions read and write, each once, at `size` bytes a value."""
    values = 0

    def count(_module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal values
        values += inputs[0].numel() + output.numel()

    convolutions = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)]
    hooks = [layer.register_forward_hook(count) for layer in convolutions]  # type: ignore[arg-type]
    with torch.inference_mode():
        network(*(torch.from_numpy(array) for array in feeds))
    for hook in hooks:
        hook.remove()
    return size * values
