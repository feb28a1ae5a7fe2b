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


def decode(data: bytes, name: object) -> np.ndarray:
    """The bytes of a picture file -> uint8 (H, W, 3) BGR, its EXIF rotation applied and alpha dropped.

    Raises BadInput, calling the picture `name`, when they cannot be decoded.
    """
    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    if bgr is None:
        raise BadInput(f"{name} is not a picture that can be decoded; it may be cut short or damaged")
    return bgr


def encode(bgr: np.ndarray, suffix: str = ".png") -> bytes:
    """uint8 BGR -> the bytes of a picture file of the kind that `suffix` names."""
    done, data = cv2.imencode(suffix, bgr)
    if not done:
        raise BadInput(f"cannot encode a picture of {bgr.shape[1]}x{bgr.shape[0]} as {suffix}")
    return data.tobytes()


def read(path: Path) -> np.ndarray:
    """Read a picture file as `decode` does; BadInput, too, when it is missing."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from error
    return decode(data, path)


def write(path: Path, bgr: np.ndarray) -> None:
    """Write uint8 BGR to `path` in the format of its suffix, whole or not at all."""
    if not is_picture(path):
        raise BadInput(f"cannot write {path}: name it .png or .jpg")
    data = encode(bgr, path.suffix)
    with whole(path) as draft:
        draft.write_bytes(data)
