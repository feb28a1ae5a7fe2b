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
from ..core.triplet import Triplet
from .moved import moved
from .statistics import Statistics

MANIFEST = "manifest.json"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Picture(_Strict):
    """One file of a set."""

    file: str = Field(pattern=r"^[\w.-]+\.png$")
    """A plain file name, so that it cannot lead out of the folder."""
    sha256: str


class Neighbours(_Strict):
    """What comes after a picture that is the first of a pair."""

    after: Picture
    truth: Picture
    """What is seen at `t` between the two."""
    t: float = Field(gt=0, lt=1)
    motion: float
    """Mean difference of the pair in grey levels."""


class Item(Picture):
    """One picture of a set, alone or with its neighbours."""

    origin: str
    """Which candidate of the source it is."""
    why: str
    """The part of the rule that chose it."""
    statistics: Statistics
    pair: Neighbours | None = None

    def pictures(self) -> list[Picture]:
        """All its files: the picture, and, of a pair, what follows it, the later frame first."""
        return [self, *([self.pair.after, self.pair.truth] if self.pair else [])]


class Manifest(_Strict):
    """What a calibration set says of itself."""

    kind: Literal["calibration"] = "calibration"
    format: Literal[1, 2] = 1
    """2 where there are pairs, which versions that know pictures alone cannot read."""
    source: str
    rule: str
    items: list[Item] = Field(min_length=1)


@dataclass(frozen=True)
class CalibrationSet:
    """Pictures, or pairs, for a quantizer to watch a network on; its inputs as they are, not to be shrunk."""

    manifest: Manifest
    files: Mapping[str, bytes]
    """The PNG files of every item, verified."""

    def pictures(self) -> list[np.ndarray]:
        """uint8 (H, W, 3) BGR, in the order of choice, the earlier of a pair; sizes may differ."""
        return [self._decoded(item) for item in self.manifest.items]

    def triplets(self) -> list[Triplet]:
        """Pairs with their middle, in the order of choice; a picture that is alone is set in motion."""
        made = []
        for item, first in zip(self.manifest.items, self.pictures(), strict=True):
            pair = item.pair
            if pair is None:
                made.append(moved(item.file, first))
            else:
                made.append(Triplet(item.file, first, self._decoded(pair.truth), self._decoded(pair.after), pair.t))
        return made

    def frames(self) -> list[list[np.ndarray]]:
        """Of each item its picture, or both frames of its pair."""
        return [
            [self._decoded(one) for one in (item, *([item.pair.after] if item.pair else []))]
            for item in self.manifest.items
        ]

    def _decoded(self, one: Picture) -> np.ndarray:
        return picture.decode(self.files[one.file], one.file)

    @property
    def digest(self) -> str:
        """sha256 over the hashes of the files, for provenance."""
        hashes = (one.sha256 for item in self.manifest.items for one in item.pictures())
        return hashlib.sha256("".join(hashes).encode()).hexdigest()


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
        (draft / MANIFEST).write_text(
            calibration.manifest.model_dump_json(indent=1, exclude_none=True) + "\n", encoding="utf-8"
        )


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
    pictures = [one for item in manifest.items for one in item.pictures()]
    return CalibrationSet(manifest, {one.file: _verified(folder / one.file, one.sha256) for one in pictures})


def _verified(path: Path, sha256: str) -> bytes:
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise BadInput(f"{path} is missing; make the calibration set again") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise BadInput(f"{path} was changed after the set was made (sha256 differs); make the set again")
    return data
