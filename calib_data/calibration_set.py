"""A calibration set, in memory and as a folder of PNG files with `manifest.json`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..core import picture
from ..core.errors import BadInput
from ..core.files import whole
from ..core.options import first_problem
from .statistics import Statistics

MANIFEST = "manifest.json"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Item(_Strict):
    """One picture of a set."""

    file: str = Field(pattern=r"^[\w.-]+\.png$")
    """A plain file name, so that it cannot lead out of the folder."""
    sha256: str
    origin: str
    """Which candidate of the source it is."""
    why: str
    """The part of the rule that chose it."""
    statistics: Statistics


class Manifest(_Strict):
    """What a calibration set says of itself."""

    kind: Literal["calibration"] = "calibration"
    format: Literal[1] = 1
    source: str
    rule: str
    items: list[Item] = Field(min_length=1)


@dataclass(frozen=True)
class CalibrationSet:
    """Pictures for a quantizer to watch a network on; its inputs as they are, not to be shrunk."""

    manifest: Manifest
    files: Mapping[str, bytes]
    """The PNG file of every item, verified."""

    def pictures(self) -> list[np.ndarray]:
        """uint8 (H, W, 3) BGR, in the order of choice; sizes may differ."""
        return [picture.decode(self.files[item.file], item.file) for item in self.manifest.items]

    @property
    def digest(self) -> str:
        """sha256 over the hashes of the items, for provenance."""
        return hashlib.sha256("".join(item.sha256 for item in self.manifest.items).encode()).hexdigest()


def is_set(folder: Path) -> bool:
    """Whether `folder` has a manifest; `read` says whether it is a sound one."""
    return (folder / MANIFEST).is_file()


def write(folder: Path, calibration: CalibrationSet) -> None:
    """Write a set as a folder, whole or not at all; one that is there is replaced.

    Raises BadInput where `folder` is something other than a calibration set or an empty folder:
    replacing it would delete what is in it.
    """
    if folder.exists() and not (folder.is_dir() and (is_set(folder) or not any(folder.iterdir()))):
        raise BadInput(f"{folder} is not a calibration set, so it will not be replaced; choose another name")
    with whole(folder, folder=True) as draft:
        for name, data in calibration.files.items():
            (draft / name).write_bytes(data)
        (draft / MANIFEST).write_text(calibration.manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")


def read(folder: Path) -> CalibrationSet:
    """Read a set that `write` made, verifying every hash.

    Raises BadInput for a manifest that is not one, and for a picture that is missing or changed.
    """
    try:
        manifest = Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except FileNotFoundError as error:
        raise BadInput(f"{folder} is not a calibration set: it has no {MANIFEST}") from error
    except ValidationError as error:
        raise BadInput(f"{folder / MANIFEST} is not that of a calibration set: {first_problem(error)}") from error
    return CalibrationSet(manifest, {item.file: _verified(folder / item.file, item.sha256) for item in manifest.items})


def _verified(path: Path, sha256: str) -> bytes:
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise BadInput(f"{path} is missing; make the calibration set again") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise BadInput(f"{path} was changed after the set was made (sha256 differs); make the set again")
    return data
