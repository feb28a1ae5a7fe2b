"""Wrappers round a trained network that give the graph to deploy; the network itself is not edited."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..core.colour import RGB_TO_YCBCR, YCBCR_OFFSET, YCBCR_TO_RGB


class FloatFace(nn.Module):
    """NCHW float32 in [0, 1] -> NCHW float32 in [0, 1]; with `half` the network computes in fp16."""

    def __init__(self, network: nn.Module, half: bool = False) -> None:
        super().__init__()
        self.network = network.half() if half else network
        self.half_precision = half

    def forward(self, frame: Tensor) -> Tensor:
        """Run the network and clip: an app never sees a value that is no colour."""
        upscaled = self.network(frame.half()).float() if self.half_precision else self.network(frame)
        return upscaled.clamp(0, 1)


class RgbEntry(nn.Module):
    """uint8 (N, H, W, 3) BGR -> float (N, 3, H, W) RGB in [0, 1]."""

    def forward(self, frame: Tensor) -> Tensor:
        """Convert."""
        return frame.permute(0, 3, 1, 2).flip(1).float() / 255


class RgbExit(nn.Module):
    """float (N, 3, H, W) RGB in [0, 1] -> uint8 (N, H, W, 3) BGR."""

    def forward(self, upscaled: Tensor) -> Tensor:
        """Convert."""
        return _to_bytes(upscaled.flip(1))


class LumaEntry(nn.Module):
    """uint8 (N, H, W, 3) BGR -> luma (N, 1, H, W) and chroma (N, 2, H, W), over 255 (BT.601)."""

    def __init__(self) -> None:
        super().__init__()
        matrix = torch.from_numpy(RGB_TO_YCBCR[:, ::-1].copy()).float() / 255**2
        self.register_buffer("matrix", matrix[..., None, None])
        self.register_buffer("offset", torch.from_numpy(YCBCR_OFFSET).float() / 255)

    def forward(self, frame: Tensor) -> tuple[Tensor, Tensor]:
        """Convert."""
        ycbcr = F.conv2d(frame.permute(0, 3, 1, 2).float(), self.matrix, self.offset)
        return ycbcr[:, :1], ycbcr[:, 1:]


class LumaExit(nn.Module):
    """Upscaled luma (N, 1, sH, sW) and small chroma (N, 2, H, W) -> uint8 (N, sH, sW, 3) BGR."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale
        matrix = torch.from_numpy(YCBCR_TO_RGB[::-1].copy()).float() * 255
        self.register_buffer("matrix", matrix[..., None, None])
        self.register_buffer("offset", -matrix @ (torch.from_numpy(YCBCR_OFFSET).float() / 255))

    def forward(self, upscaled: Tensor, chroma: Tensor) -> Tensor:
        """Enlarge the chroma by cubic interpolation and convert."""
        chroma = F.interpolate(chroma, scale_factor=self.scale, mode="bicubic", align_corners=False)
        return _to_bytes(F.conv2d(torch.cat([upscaled, chroma], 1), self.matrix, self.offset))


def _to_bytes(bgr: Tensor) -> Tensor:
    return bgr.mul(255).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)
