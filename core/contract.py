"""What was measured of a model when it was sealed, which `verify` holds it to."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from .facts import Digest, Label, NotNegative, Positive, Precision, Strict
from .limits import Limits

Measure = Literal["psnr", "brightness", "checkerboard", "banding", "flicker"]
MEASURES: tuple[Measure, ...] = get_args(Measure)
MOST_PICTURES = 100
"""Of a set, that are recorded one by one; a larger set is told by its first."""
MOST_RECORDINGS = 300

_Value = Annotated[float, Field(ge=-1000, le=1000, allow_inf_nan=False)]
Values = Annotated[list[_Value], Field(min_length=1, max_length=MOST_PICTURES)]
"""One for each picture of a set, in the order of their names."""
_Levels = Annotated[float, Field(ge=0, le=255)]


class Scores(Strict):
    """What one precision makes of the pictures of a set, on one engine."""

    engine: Label
    precision: Precision
    psnr: Values
    """dB: of luma to upscale, of RGB to interpolate."""
    brightness: Values
    """Grey levels by which pictures are brighter than the truth."""
    checkerboard: Values
    banding: Values
    flicker: Values
    """Of a clip that pans over each picture."""
    gap: _Value | None = None
    """dB that the mean PSNR is below that of fp32 on the same engine."""

    @model_validator(mode="after")
    def _is_of_one_set(self) -> Scores:
        if len({len(self.values(measure)) for measure in MEASURES}) > 1:
            raise ValueError("scores of one set that are not of as many pictures")
        return self

    def values(self, measure: Measure) -> list[float]:
        """Those of one measure."""
        return getattr(self, measure)


class DataSet(Strict):
    """Pictures that the model was scored on."""

    sha256: Digest
    """Of their pixels, so that nobody compares scores on other pictures."""
    pictures: Annotated[int, Field(ge=1, le=MOST_PICTURES)]
    scores: Annotated[list[Scores], Field(max_length=30)]

    @model_validator(mode="after")
    def _are_of_these_pictures(self) -> DataSet:
        if any(len(each.psnr) != self.pictures for each in self.scores):
            raise ValueError("scores that are not of as many pictures as the set has")
        return self


class GraphScores(Strict):
    """What a graph makes of the samples in the engine that every installation has, whoever else runs it."""

    file: Label
    psnr: Values
    """dB, as in `Scores`; so is the next."""
    brightness: Values

    @model_validator(mode="after")
    def _are_of_one_set(self) -> GraphScores:
        if len(self.psnr) != len(self.brightness):
            raise ValueError("scores of a graph that are not of as many pictures")
        return self


class Soundness(Strict):
    """Whether a precision gives the same picture whole and in parts, on one engine."""

    engine: Label
    precision: Precision
    tiled: _Levels | None = None
    """Greatest difference of a tiled picture from the whole one, in grey levels; None: it is never tiled."""
    odd_sizes: _Levels
    """How far frames of odd sides are off, in grey levels."""


class Recording(Strict):
    """What one engine took for one precision on one kind of machine."""

    engine: Label
    version: Label
    precision: Precision
    threads: Annotated[int, Field(ge=1, le=4096)]
    processor: Label
    reference: Label
    ratio: Annotated[Positive, Field(le=1e6)]
    """How many times as fast as the reference in the same run."""
    noise: Annotated[NotNegative, Field(le=1e6)]
    """By what share the ratio is uncertain."""
    memory_mib: Annotated[Positive, Field(le=1e9)] | None = None
    """Peak memory of a process that does nothing else; None where the system does not tell."""


class Contract(Strict):
    """All of it."""

    limits: Limits = Limits()
    sets: dict[Label, DataSet] = Field(default_factory=dict, max_length=100)
    """By name; those in the bundle are `samples`."""
    graphs: list[GraphScores] = Field(default_factory=list, max_length=100)
    """Of each graph's file; empty in older bundles."""
    soundness: list[Soundness] = Field(default_factory=list, max_length=30)
    recordings: list[Recording] = Field(default_factory=list, max_length=MOST_RECORDINGS)
