"""Pictures on disk: uint8 HWC BGR in memory, as OpenCV has them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from .errors import BadInput
from .files import whole

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm"})


def is_picture(path: Path) -> bool:
    """Whether the file name is that of a picture."""
    return path.suffix.lower() in SUFFIXES


def find(folder: Path) -> list[Path]:
    """The pictures directly in `folder`, by name.

    Raises BadInput for a folder that is missing or holds none.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise BadInput(f"no folder {folder}")
    paths = sorted(path for path in folder.iterdir() if is_picture(path) and path.is_file())
    if not paths:
        raise BadInput(f"no pictures in {folder} ({', '.join(sorted(SUFFIXES))} are read)")
    return paths


def read(path: Path) -> np.ndarray:
    """Read a picture as uint8 (H, W, 3) BGR, its EXIF rotation applied and alpha dropped.

    Raises BadInput when it is missing or cannot be decoded.
    """
    try:
        data = np.fromfile(path, np.uint8)
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from error
    bgr = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if bgr is None:
        raise BadInput(f"{path} is not a picture that can be decoded; it may be cut short or damaged")
    return bgr


def write(path: Path, bgr: np.ndarray) -> None:
    """Write uint8 BGR to `path` in the format of its suffix, whole or not at all."""
    if not is_picture(path):
        raise BadInput(f"cannot write {path}: name it .png or .jpg")
    done, data = cv2.imencode(path.suffix, bgr)
    if not done:
        raise BadInput(f"cannot encode {path} as {path.suffix}")
    with whole(path) as draft:
        data.tofile(draft)
