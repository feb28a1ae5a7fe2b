"""Wrappers round a trained network that give the graph to deploy; the network itself is not edited."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..core.colour import RGB_TO_YCBCR, YCBCR_OFFSET, YCBCR_TO_RGB


class Upscaling(nn.Module):
    """NCHW in [0, 1] -> NCHW in [0, 1]."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, frame: Tensor) -> Tensor:
        """Run the network and clip: an app never sees a value that is no colour."""
        return self.network(frame).clamp(0, 1)


class Interpolating(nn.Module):
    """Two frames (N, 3, H, W) in [0, 1] and `t` (N,) -> the picture between them, in [0, 1].

    With `split` also what it is made of: both flows (N, 2, H, W) in pixels, the share of the earlier frame
    (N, 1, H, W) in [0, 1], and all this as it was found, `Between.found`.
    """

    def __init__(self, network: nn.Module, split: bool) -> None:
        super().__init__()
        self.network, self.split = network, split

    def forward(self, before: Tensor, after: Tensor, t: Tensor) -> tuple[Tensor, ...]:
        """Run the network and clip."""
        made = self.network(before, after, t)
        motion = made.motions[-1]
        parts = (motion.before, motion.after, torch.sigmoid(motion.mask), made.found) if self.split else ()
        return made.picture.clamp(0, 1), *parts


class Entry(nn.Module):
    """uint8 (N, H, W, 3) BGR -> what a network takes, and what the exit needs besides.

    Gives RGB (N, 3, H', W') and one channel of the frame; or, for `channels` 1, BT.601 luma
    (N, 1, H', W') and chroma (N, 2, H, W) over 255. H' and W' are the next multiples of `align`.
    """

    matrix: Tensor
    offset: Tensor

    def __init__(self, channels: int, align: int) -> None:
        super().__init__()
        self.channels, self.align = channels, align
        matrix = _tensor(RGB_TO_YCBCR[:, ::-1]) / 255**2
        self.register_buffer("matrix", matrix[..., None, None])
        self.register_buffer("offset", _tensor(YCBCR_OFFSET) / 255)

    def forward(self, frame: Tensor) -> tuple[Tensor, Tensor]:
        """Convert and pad."""
        # TensorRT takes bytes as the input of a cast, and of nothing else.
        bgr = frame.float().permute(0, 3, 1, 2)
        if self.channels == 3:
            return self._padded(bgr.flip(1) / 255), bgr[:, :1]
        ycbcr = F.conv2d(bgr, self.matrix, self.offset)
        return self._padded(ycbcr[:, :1]), ycbcr[:, 1:]

    def _padded(self, picture: Tensor) -> Tensor:
        if self.align == 1:
            return picture
        # TensorRT and ONNX disagree on the remainder of a negative number, so none is taken.
        below, right = ((side + self.align - 1) // self.align * self.align - side for side in picture.shape[2:])
        return F.pad(picture, (0, right, 0, below), mode="replicate")


class Exit(nn.Module):
    """What a network made, and the entry's second output -> uint8 (N, scale*H, scale*W, 3) BGR.

    Where the network made luma, its chroma is enlarged by cubic interpolation, which at a whole scale
    is one convolution and a pixel shuffle. The colour matrix is part of that convolution: in
    onnxruntime a cubic Resize of 640x360 takes three times as long as all of SESR.
    """

    luma_gain: Tensor
    chroma_kernel: Tensor
    offset: Tensor

    def __init__(self, channels: int, scale: int) -> None:
        super().__init__()
        self.channels, self.scale = channels, scale
        matrix = _tensor(YCBCR_TO_RGB[::-1]) * 255**2
        offset = -matrix @ (_tensor(YCBCR_OFFSET) / 255)
        kernel = torch.einsum("oc,pkl->opckl", matrix[:, 1:], cubic_phases(scale)).flatten(0, 1)
        self.register_buffer("luma_gain", matrix[:, :1, None])
        self.register_buffer("chroma_kernel", kernel)
        self.register_buffer("offset", offset.repeat_interleave(scale**2))

    def forward(self, made: Tensor, aside: Tensor) -> Tensor:
        """Crop, add colour, round and clip."""
        height, width = (side * self.scale for side in aside.shape[2:])
        made = made[:, :, :height, :width]
        bgr = made.flip(1) * 255 if self.channels == 3 else made * self.luma_gain + self._colour(aside)
        return bgr.round().clamp(0, 255).permute(0, 2, 3, 1).to(torch.uint8)

    def _colour(self, chroma: Tensor) -> Tensor:
        """Chroma (N, 2, H, W) over 255 -> what it adds to BGR, (N, 3, scale*H, scale*W) in grey levels."""
        reach = self.chroma_kernel.shape[-1] // 2
        edged = F.pad(chroma, (reach,) * 4, mode="replicate")
        return F.pixel_shuffle(F.conv2d(edged, self.chroma_kernel, self.offset), self.scale)


def cubic_phases(scale: int) -> Tensor:
    """Kernels (scale², 5, 5), one for each sub-pixel, that enlarge as PyTorch and OpenCV do by cubic interpolation."""
    impulse = torch.zeros(1, 1, 9, 9)
    impulse[..., 4, 4] = 1
    response = F.interpolate(impulse, scale_factor=scale, mode="bicubic", align_corners=False)
    return F.pixel_unshuffle(response, scale)[0, :, 2:7, 2:7].flip(1, 2)


def _tensor(values: np.ndarray) -> Tensor:
    return torch.from_numpy(values.copy()).float()
