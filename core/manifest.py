"""What a bundle says of itself: the one file in it that names and explains all others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, FiniteFloat, ValidationError, model_validator
from pydantic_core import from_json

from .card import Card
from .contract import Contract
from .curves import Curve
from .errors import BadBundle, told
from .facts import Degradation, Label, Precision, Sampling, Strict
from .graph_check import Port, Ports
from .options import first_problem

FORMAT = 1
MANIFEST = "manifest.json"
MOST_MANIFEST = 1 << 20

Face = Literal["float", "frame", "split", "motion"]
Processor = Literal["cpu", "tensorrt"]

MOMENT = "t"
"""The input that is no frame: (N,) float32 in (0, 1), where a picture lies between two frames."""
_FLOAT, _UINT8 = 1, 2
"""Kinds of values, as ONNX numbers them."""
PARTS: Mapping[str, Mapping[str, int]] = {
    "split": {"flow_before": 2, "flow_after": 2, "mask": 1},
    "motion": {"motion": 5},
}
"""What a graph gives that leaves the warping to its caller, and how many channels of it, by its face.

`split`: flows in pixels (x, y), and the share of the earlier frame in [0, 1]. `motion`: the same flows, still in
pixels of the frame, and the logits of that share, in one map of the frame's size or a whole part of it."""


class Graph(Strict):
    """One ONNX graph in the bundle."""

    file: str
    precision: Precision
    face: Face
    target: Processor
    weights: list[str] = Field(default_factory=list)
    """Files with the weights that it has in common with other graphs, to be put in it."""


class Sample(Strict):
    """A small input picture, what the fp32 reference makes of it, and the truth; all PNG."""

    input: str
    expected: str
    truth: str

    def files(self) -> tuple[str, ...]:
        """The files it names."""
        return self.input, self.expected, self.truth


class PairSample(Strict):
    """Two small frames, what the fp32 reference puts between them at the moment `t`, and the truth; all PNG."""

    before: str
    after: str
    t: Annotated[float, Field(gt=0, lt=1)]
    expected: str
    truth: str

    def files(self) -> tuple[str, ...]:
        """The files it names."""
        return self.before, self.after, self.expected, self.truth


class Manifest(Strict):
    """What a bundle says of itself."""

    format: int = FORMAT
    name: Label
    task: Literal["upscale", "interpolate"]
    network: Label
    options: dict[str, Any]
    parameters: Annotated[int, Field(ge=0, lt=1 << 53)]
    channels: int
    scale: Annotated[int, Field(ge=1, le=16)]
    align: Annotated[int, Field(ge=1, le=1024)]
    reach: Annotated[int, Field(ge=0, le=1 << 16)]
    sampling: Sampling = "bilinear"
    """How who warps by a `split` or `motion` graph fetches the frames' pixels; older bundles do not say."""
    macs_per_pixel: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    """Multiply-adds for one input pixel: what `bench` holds against the machine's peak."""
    inputs: list[Label]
    output: Label
    graphs: Annotated[list[Graph], Field(min_length=1, max_length=100)]
    samples: Annotated[list[Sample | PairSample], Field(max_length=100)]
    degradation: Degradation = "bicubic"
    """To upscale: how the LR pictures are made that it was calibrated and sampled on, and is scored on."""
    quality: dict[str, dict[str, float]]
    """Data set or `samples` -> score name -> value, as measured at export."""
    limits: dict[str, FiniteFloat]
    """`psnr_fp32`, `psnr_fp16`, `psnr_int8`: the least PSNR in dB against the expected samples."""
    contract: Contract | None = None
    """What `verify` holds the bundle to; None: it was sealed before there was one, or measured on nothing."""
    curve: Curve = Field(default_factory=list)
    """How the training went, at some of its steps; empty where nothing was kept of that."""
    card: Card = Card()
    provenance: dict[str, Any]
    """Recipe, teacher, weights hash, calibration and versions."""
    files: dict[str, str]
    """Every file in the bundle but this one -> its sha256."""

    @model_validator(mode="after")
    def _is_of_its_task(self) -> Manifest:
        upscales = self.task == "upscale"
        if self.channels not in (1, 3):
            raise ValueError("a network sees 1 channel or 3")
        if upscales and len(self.inputs) != 1:
            raise ValueError("a network that upscales has one input")
        if not upscales and (self.inputs[2:] != [MOMENT] or (self.channels, self.scale) != (3, 1)):
            raise ValueError(
                f"a network that interpolates has two frames and '{MOMENT}' as inputs, 3 channels, scale 1"
            )
        if any(isinstance(sample, PairSample) == upscales for sample in self.samples):
            raise ValueError(f"samples that are not of a network to {self.task}")
        if upscales and any(graph.face in PARTS for graph in self.graphs):
            raise ValueError("a split or motion graph is for a network that interpolates")
        return self

    def ports(self, face: Face) -> tuple[Ports, Ports]:
        """What goes into a graph with this face, and what comes out."""
        frame = Port(
            *((_UINT8, (None, None, None, 3)) if face == "frame" else (_FLOAT, (None, self.channels, None, None)))
        )
        inputs = {name: Port(_FLOAT, (None,)) if name == MOMENT else frame for name in self.inputs}
        if face not in PARTS:
            return inputs, {self.output: frame}
        return inputs, {name: Port(_FLOAT, (None, count, None, None)) for name, count in PARTS[face].items()}

    def precisions(self) -> list[str]:
        """The precisions it holds graphs of."""
        return list(dict.fromkeys(graph.precision for graph in self.graphs))


def parse(data: bytes, source: object) -> Manifest:
    """The bytes of a manifest, which a stranger may have written -> its facts.

    Raises BadBundle, calling the bundle `source`, for a format that is not known and for facts that no network has.
    """
    if len(data) > MOST_MANIFEST:
        raise BadBundle(source, f"its manifest has more than {MOST_MANIFEST} bytes")
    try:
        # Unlike Python's own parser it gives up on deep nesting.
        raw = from_json(data)
    except ValueError as error:
        raise BadBundle(source, f"its manifest is not valid JSON: {error}") from error
    found = raw.get("format") if isinstance(raw, dict) else None
    if found != FORMAT:
        raise BadBundle(source, f"its format is {told(found)}; this version reads format {FORMAT}")
    try:
        return Manifest.model_validate(raw)
    except ValidationError as error:
        raise BadBundle(source, f"its manifest is not valid: {first_problem(error)}") from error
