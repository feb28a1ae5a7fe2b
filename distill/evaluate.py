"""Scores of an upscaler on pictures, as the papers count and as a user sees."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ..core.colour import from_network, luma, recolour, to_network
from ..core.metrics import psnr, psnr_y, ssim_y
from ..core.resize import crop_to_multiple, resize, shrink
from ..core.spec import ModelSpec


@dataclass(frozen=True)
class Upscaled:
    """What an upscaler made of one picture."""

    picture: np.ndarray
    """uint8 (H, W, 3) BGR."""
    luma: np.ndarray | None
    """A luma network's own output, float (H, W) over 255; None for RGB networks."""


Upscaler = Callable[[np.ndarray], Upscaled]


def torch_upscaler(network: nn.Module, spec: ModelSpec, device: torch.device | str = "cpu") -> Upscaler:
    """uint8 (h, w, 3) BGR -> Upscaled, by a torch network on whole pictures of any size."""

    def upscale(lr: np.ndarray) -> Upscaled:
        height, width = (side * spec.scale for side in lr.shape[:2])
        x = torch.from_numpy(to_network(lr, spec.channels))[None].to(device)
        pad = [-x.shape[3] % spec.align, -x.shape[2] % spec.align]
        with torch.inference_mode():
            y = network(F.pad(x, (0, pad[0], 0, pad[1]), mode="replicate"))[0, :, :height, :width].float().cpu().numpy()
        return finish(y, lr)

    return upscale


def finish(output: np.ndarray, lr: np.ndarray) -> Upscaled:
    """A network's output (C, H, W) in [0, 1] -> the picture a user gets."""
    if output.shape[0] == 1:
        return Upscaled(recolour(output[0], lr), output[0])
    return Upscaled(from_network(output), None)


def score(upscaler: Upscaler, pictures: Iterable[tuple[str, np.ndarray]], scale: int) -> dict[str, Any]:
    """Score HR pictures: LR is made by antialiased bicubic after cropping to a multiple of `scale`.

    Returns the JSON of `distill eval`: per picture and mean `psnr_y`, `psnr_y_direct` (None for RGB
    networks), `ssim_y`, and the same of bicubic upsampling.
    """
    items, baseline = [], []
    for name, whole in pictures:
        hr = crop_to_multiple(whole, scale)
        lr = shrink(hr, scale)
        items.append({"name": name, **_scores(upscaler(lr), hr, scale)})
        bicubic = resize(lr, *hr.shape[:2])
        baseline.append({"psnr_y": psnr_y(bicubic, hr, scale), "ssim_y": ssim_y(bicubic, hr, scale)})
    return {
        "task": "upscale",
        "scale": scale,
        "mean": mean_of(items),
        "baseline": {"name": "bicubic", **mean_of(baseline)},
        "items": items,
    }


def _scores(made: Upscaled, hr: np.ndarray, scale: int) -> dict[str, float | None]:
    direct = None
    if made.luma is not None:
        eight_bit = np.clip(np.rint(made.luma * 255), 0, 255)
        direct = psnr(eight_bit, np.rint(luma(hr) * 255), scale)
    return {
        "psnr_y": psnr_y(made.picture, hr, scale),
        "psnr_y_direct": direct,
        "ssim_y": ssim_y(made.picture, hr, scale),
    }


def mean_of(items: list[dict[str, Any]]) -> dict[str, float | None]:
    """The mean of every number over the items; None where some item has none."""
    keys = [key for key in items[0] if key != "name"]
    columns = {key: [item[key] for item in items] for key in keys}
    return {key: None if None in values else float(np.mean(values)) for key, values in columns.items()}
