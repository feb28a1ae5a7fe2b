"""MODEL on a command line -> an opened bundle."""

from __future__ import annotations

from ..core.bundle import Bundle, read
from ..core.errors import BadInput
from ..core.locate import is_bundle, locate


def open_bundle(model: str) -> Bundle:
    """A bundle file or folder, or the name of a shipped model.

    Raises BadInput when there is none, naming the nearest shipped one; when it is damaged; and when it
    is a checkpoint, naming the command that makes a bundle of it.
    """
    path = locate(model)
    if is_bundle(path):
        return read(path)
    if path.is_dir() or path.suffix in (".safetensors", ".pth", ".pt", ".pkl", ".ckpt"):
        raise BadInput(
            f"{path} is a checkpoint, not a bundle; make one first: pocketlens export bundle {path} -o NAME.plens"
        )
    return read(path)
