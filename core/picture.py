"""Pictures on disk: uint8 HWC BGR in memory, as OpenCV has them."""

from __future__ import annotations

import zlib
from pathlib import Path

import cv2
import numpy as np

from .errors import BadInput
from .files import whole

_PNG = b"\x89PNG\r\n\x1a\n"
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm"})


def is_picture(path: Path) -> bool:
    """Whether the file name is that of a picture."""
    return path.suffix.lower() in SUFFIXES


def inside(folder: Path) -> list[Path]:
    """The pictures directly in `folder`, by name; BadInput when there is no such folder."""
    folder = Path(folder)
    if not folder.is_dir():
        raise BadInput(f"no folder {folder}")
    return sorted(path for path in folder.iterdir() if is_picture(path) and path.is_file())


def find(folder: Path) -> list[Path]:
    """The pictures directly in `folder`, by name.

    Raises BadInput for a folder that is missing or holds none.
    """
    paths = inside(folder)
    if not paths:
        raise BadInput(f"no pictures in {folder} ({', '.join(sorted(SUFFIXES))} are read)")
    return paths


def decode(data: bytes, name: object) -> np.ndarray:
    """The bytes of a picture file -> uint8 (H, W, 3) BGR, its EXIF rotation applied and alpha dropped.

    Raises BadInput, calling the picture `name`, when they cannot be decoded.
    """
    try:
        bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if _seems_whole(data) else None
    except cv2.error:
        bgr = None
    if bgr is None:
        raise BadInput(f"{name} is not a picture that can be decoded; it may be cut short or damaged")
    return bgr


def _seems_whole(data: bytes) -> bool:
    """Whether there are bytes and, if a PNG's, its chunks are sound: libpng would print its complaint itself."""
    if not data.startswith(_PNG):
        return bool(data)
    place = len(_PNG)
    while place + 12 <= len(data):
        end = place + 12 + int.from_bytes(data[place : place + 4])
        if zlib.crc32(data[place + 4 : end - 4]) != int.from_bytes(data[end - 4 : end]):
            return False
        if data[place + 4 : place + 8] == b"IEND":
            return True
        place = end
    return False


def encode(bgr: np.ndarray, suffix: str = ".png", small: bool = False) -> bytes:
    """uint8 BGR -> the bytes of a picture file of the kind that `suffix` names; `small` takes longer over a PNG."""
    done, data = cv2.imencode(suffix, bgr, [cv2.IMWRITE_PNG_COMPRESSION, 9] if small else [])
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


def blend(before: np.ndarray, after: np.ndarray, t: float = 0.5) -> np.ndarray:
    """Two uint8 pictures of one size, mixed by how near `t` is to each; rounded."""
    return np.rint((1 - t) * before + t * after.astype(np.float64)).astype(np.uint8)


def busiest_square(bgr: np.ndarray, side: int) -> tuple[slice, slice]:
    """Rows and columns of the square of at most `side` pixels with the most detail: where to look first."""
    grey = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY).astype(np.float32)
    side = min(side, *grey.shape)
    energy = cv2.boxFilter(np.abs(cv2.Laplacian(grey, cv2.CV_32F)), -1, (side, side), anchor=(0, 0))
    inside = energy[: grey.shape[0] - side + 1, : grey.shape[1] - side + 1]
    top, left = (int(place) for place in np.unravel_index(inside.argmax(), inside.shape))
    return slice(top, top + side), slice(left, left + side)
