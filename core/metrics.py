"""Scores as the papers on super-resolution (PSNR-Y, SSIM-Y) and on interpolation (RGB, error) count them."""

from __future__ import annotations

import cv2
import numpy as np

from .colour import luma

PERFECT = 60.0
"""dB above which two 8-bit pictures are as good as equal: what one of them counts as at most in a mean."""


def _inside(image: np.ndarray, border: int) -> np.ndarray:
    if not border or 2 * border >= min(image.shape[:2]):
        return image
    return image[border : image.shape[0] - border, border : image.shape[1] - border]


def psnr(image: np.ndarray, truth: np.ndarray, border: int = 0, peak: float = 255.0) -> float:
    """Peak signal-to-noise ratio in dB of two arrays on the 0..`peak` scale; inf when they are equal.

    `border` pixels are cut from each side, unless that would leave nothing.
    """
    image, truth = _inside(image, border), _inside(truth, border)
    error = np.mean((np.asarray(image, np.float64) - np.asarray(truth, np.float64)) ** 2)
    return float(10 * np.log10(peak**2 / error)) if error else float("inf")


def ssim(image: np.ndarray, truth: np.ndarray, border: int = 0) -> float:
    """Structural similarity of two (H, W) arrays on the 0..255 scale (Wang et al. 2004).

    Gaussian window of 11 px, sigma 1.5, valid region only; the window shrinks for tiny pictures.
    """
    x, y = (_inside(np.asarray(a, np.float64), border) for a in (image, truth))
    size = min(11, *(side if side % 2 else side - 1 for side in x.shape))
    window = cv2.getGaussianKernel(max(size, 1), 1.5)
    half = max(size, 1) // 2

    def mean(a: np.ndarray) -> np.ndarray:
        blurred = cv2.sepFilter2D(a, -1, window, window)
        return blurred[half : a.shape[0] - half, half : a.shape[1] - half]

    mx, my = mean(x), mean(y)
    vx, vy, cov = mean(x * x) - mx**2, mean(y * y) - my**2, mean(x * y) - mx * my
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    return float(np.mean((2 * mx * my + c1) * (2 * cov + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))))


def psnr_y(bgr: np.ndarray, truth: np.ndarray, border: int) -> float:
    """PSNR of the unrounded BT.601 luma of two 8-bit BGR pictures."""
    return psnr(luma(bgr) * 255, luma(truth) * 255, border)


def ssim_y(bgr: np.ndarray, truth: np.ndarray, border: int) -> float:
    """SSIM of the unrounded BT.601 luma of two 8-bit BGR pictures."""
    return ssim(luma(bgr) * 255, luma(truth) * 255, border)


def psnr_rgb(bgr: np.ndarray, truth: np.ndarray) -> float:
    """PSNR over all three channels of two 8-bit pictures."""
    return psnr(bgr, truth)


def ssim_rgb(bgr: np.ndarray, truth: np.ndarray) -> float:
    """Mean of the three channels' SSIM of two 8-bit pictures."""
    return float(np.mean([ssim(bgr[..., channel], truth[..., channel]) for channel in range(3)]))


def interpolation_error(bgr: np.ndarray, truth: np.ndarray) -> float:
    """Mean absolute difference of two 8-bit pictures in grey levels, as RIFE counts it on Middlebury."""
    return float(np.mean(np.abs(bgr.astype(np.float64) - truth)))
