"""Antialiased bicubic resizing, equal to MATLAB's `imresize` on 8-bit pictures.

Separable, rows first, kernel a = -0.5 (Keys 1981) widened by the factor when shrinking, edge pixel
repeated. 8-bit pictures are rounded after each direction, as the published LR sets were.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from .errors import BadInput


def _cubic(x: np.ndarray) -> np.ndarray:
    x = np.abs(x)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x <= 2, far, 0.0))


@lru_cache(maxsize=64)
def _taps(size: int, target: int) -> tuple[np.ndarray, np.ndarray]:
    """Source indices and weights, both (target, taps)."""
    ratio = target / size
    stretch = max(1.0, 1 / ratio)
    centre = (np.arange(target) + 0.5) / ratio - 0.5
    first = np.floor(centre - 2 * stretch).astype(int)
    index = first[:, None] + np.arange(int(np.ceil(4 * stretch)) + 2)
    weight = _cubic((centre[:, None] - index) / stretch)
    weight /= weight.sum(1, keepdims=True)
    used = np.any(weight != 0, axis=0)
    return np.clip(index[:, used], 0, size - 1), weight[:, used].astype(np.float32)


def _along(image: np.ndarray, target: int) -> np.ndarray:
    """Resize the first axis of a float32 array."""
    index, weight = _taps(image.shape[0], target)
    shape = (-1,) + (1,) * (image.ndim - 1)
    out = np.zeros((target, *image.shape[1:]), np.float32)
    for tap in range(index.shape[1]):
        out += weight[:, tap].reshape(shape) * image[index[:, tap]]
    return out


def resize(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """(H, W) or (H, W, C), uint8 or float32 -> the same kind at (height, width)."""
    if min(height, width) < 1:
        raise BadInput(f"cannot resize {image.shape[1]}x{image.shape[0]} to {width}x{height}")
    eight_bit = image.dtype == np.uint8
    for size in (height, width):
        image = _along(image.astype(np.float32), size)
        if eight_bit:
            image = np.clip(np.floor(image + 0.5), 0, 255)
        image = image.swapaxes(0, 1)
    return np.ascontiguousarray(image.astype(np.uint8) if eight_bit else image)


def crop_to_multiple(image: np.ndarray, scale: int) -> np.ndarray:
    """Cut the bottom and right edge so that both sides are multiples of `scale`; BadInput when nothing is left."""
    height, width = image.shape[0] // scale * scale, image.shape[1] // scale * scale
    if not height or not width:
        raise BadInput(f"a picture of {image.shape[1]}x{image.shape[0]} is too small; sides must be {scale} or more")
    return image[:height, :width]


def shrink(image: np.ndarray, scale: int) -> np.ndarray:
    """The LR picture of an HR one whose sides are multiples of `scale`."""
    return resize(image, image.shape[0] // scale, image.shape[1] // scale)


def upsampling_kernel(scale: int, size: int, centre: int) -> np.ndarray:
    """A (size, size) transposed-convolution kernel that interpolates by `scale`, cut to fit.

    Entry `centre` is where input pixel 0 meets output pixel 0. Each phase sums to one.
    """
    offset = (np.arange(size) - centre + 0.5) / scale - 0.5
    line = _cubic(offset)
    for phase in range(scale):
        line[phase::scale] /= line[phase::scale].sum()
    return np.outer(line, line).astype(np.float32)
