"""Wrappers round a trained network that give the graph to deploy; the network itself is not edited."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..core.colour import RGB_TO_YCBCR, YCBCR_OFFSET, YCBCR_TO_RGB


class FloatFace(nn.Module):
    """NCHW float32 in [0, 1] -> NCHW float32 in [0, 1]; with `half` the network computes in fp16."""

    def __init__(self, network: nn.Module, half: bool = False) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).half() if half else network
        self.half_precision = half

    def forward(self, frame: Tensor) -> Tensor:
        """Run the network and clip: an app never sees a value that is no colour."""
        made = self.network(frame.half()).float() if self.half_precision else self.network(frame)
        return made.clamp(0, 1)


class Entry(nn.Module):
    """uint8 (N, H, W, 3) BGR -> what a network takes, and what the exit needs besides.

    Gives RGB (N, 3, H', W') and one channel of the frame; or, for `channels` 1, BT.601 luma
    (N, 1, H', W') and chroma (N, 2, H, W) over 255. H' and W' are the next multiples of `align`.
    """

    def __init__(self, channels: int, align: int) -> None:
        super().__init__()
        self.channels, self.align = channels, align
        matrix = torch.from_numpy(RGB_TO_YCBCR[:, ::-1].copy()).float() / 255**2
        self.register_buffer("matrix", matrix[..., None, None])
        self.register_buffer("offset", torch.from_numpy(YCBCR_OFFSET).float() / 255)

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
        below, right = ((side + self.align - 1) // self.align * self.align - side for side in picture.shape[2:])
        return F.pad(picture, (0, right, 0, below), mode="replicate")


class Exit(nn.Module):
    """What a network made, and the entry's second output -> uint8 (N, scale*H, scale*W, 3) BGR."""

    def __init__(self, channels: int, scale: int) -> None:
        super().__init__()
        self.channels, self.scale = channels, scale
        matrix = torch.from_numpy(YCBCR_TO_RGB[::-1].copy()).float() * 255
        self.register_buffer("matrix", matrix[..., None, None])
        self.register_buffer("offset", -matrix @ (torch.from_numpy(YCBCR_OFFSET).float() / 255))

    def forward(self, made: Tensor, aside: Tensor) -> Tensor:
        """Crop, enlarge the chroma by cubic interpolation, convert, round and clip."""
        height, width = (side * self.scale for side in aside.shape[2:])
        bgr = made[:, :, :height, :width]
        if self.channels == 3:
            bgr = bgr.flip(1)
        else:
            chroma = F.interpolate(aside, scale_factor=self.scale, mode="bicubic", align_corners=False)
            bgr = F.conv2d(torch.cat([bgr, chroma], 1), self.matrix, self.offset)
        return bgr.mul(255).round().clamp(0, 255).permute(0, 2, 3, 1).to(torch.uint8)
