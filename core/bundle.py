"""The sealed bundle: one zip with a manifest, the graphs, and samples to measure them on.

`manifest.json` names every other file with its sha256; opening verifies them all.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from .errors import BadInput
from .files import whole
from .graph_bytes import with_weights
from .options import first_problem

FORMAT = 1
MANIFEST = "manifest.json"

Precision = Literal["fp32", "fp16", "int8"]
Face = Literal["float", "frame", "split"]
Processor = Literal["cpu", "tensorrt"]

MOMENT = "t"
"""The input that is no frame: (N,) float32 in (0, 1), where a picture lies between two frames."""
MOTION = {"flow_before": 2, "flow_after": 2, "mask": 1}
"""What a `split` graph gives, and how many channels of it: flows in pixels (x, y), and the share of the earlier
frame in [0, 1]."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Graph(_Strict):
    """One ONNX graph in the bundle, and how far it may be from the reference."""

    file: str
    precision: Precision
    face: Face
    target: Processor
    weights: list[str] = []
    """Files with the weights that it has in common with other graphs, to be put in it."""


class Sample(_Strict):
    """A small input picture, what the fp32 reference makes of it, and the truth; all PNG."""

    input: str
    expected: str
    truth: str

    def files(self) -> tuple[str, ...]:
        """The files it names."""
        return self.input, self.expected, self.truth


class PairSample(_Strict):
    """Two small frames, what the fp32 reference puts between them at the moment `t`, and the truth; all PNG."""

    before: str
    after: str
    t: float
    expected: str
    truth: str

    def files(self) -> tuple[str, ...]:
        """The files it names."""
        return self.before, self.after, self.expected, self.truth


class Manifest(_Strict):
    """What a bundle says of itself."""

    format: int = FORMAT
    name: str
    task: Literal["upscale", "interpolate"]
    network: str
    options: dict[str, Any]
    parameters: int
    channels: int
    scale: int
    align: int
    reach: int
    macs_per_pixel: float
    """Multiply-adds for one input pixel: what `bench` holds against the machine's peak."""
    inputs: list[str]
    output: str
    graphs: list[Graph]
    samples: list[Sample | PairSample]
    quality: dict[str, dict[str, float]]
    """Data set or `samples` -> score name -> value, as measured at export."""
    limits: dict[str, float]
    """`psnr_fp32`, `psnr_fp16`, `psnr_int8`: the least PSNR in dB against the expected samples."""
    provenance: dict[str, Any]
    """Recipe, teacher, weights hash, calibration and versions."""
    files: dict[str, str]
    """Every file in the bundle but this one -> its sha256."""

    def precisions(self) -> list[str]:
        """The precisions it holds graphs of."""
        return list(dict.fromkeys(graph.precision for graph in self.graphs))


class Bundle:
    """An opened bundle; all bytes are in memory and verified."""

    def __init__(self, manifest: Manifest, files: Mapping[str, bytes], source: str) -> None:
        self.manifest, self.files, self.source = manifest, files, source

    def graph(self, precision: str, face: str = "float", target: str = "cpu") -> bytes:
        """The ONNX bytes of one graph; BadInput lists what there is when it is not in the bundle."""
        for graph in self.manifest.graphs:
            if (graph.precision, graph.face, graph.target) == (precision, face, target):
                return self.whole(graph)
        held = ", ".join(f"{g.precision}/{g.face}/{g.target}" for g in self.manifest.graphs)
        raise BadInput(f"{self.source} holds no {precision}/{face}/{target} graph; it holds: {held}")

    def whole(self, graph: Graph) -> bytes:
        """The ONNX bytes of a graph of this bundle, all its weights in it; BadInput where that cannot be done."""
        data = self.files[graph.file]
        try:
            return with_weights(data, [self.files[name] for name in graph.weights]) if graph.weights else data
        except ValueError as error:
            raise BadInput(f"{self.source}: {graph.file} is not an ONNX graph; get the bundle again") from error


def write(path: Path, manifest: Manifest, files: Mapping[str, bytes]) -> None:
    """Seal `files` and the manifest, its hashes filled in, into one zip at `path`."""
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())}
    manifest = manifest.model_copy(update={"files": digests})
    text = json.dumps(manifest.model_dump(), indent=1, sort_keys=True)
    with whole(path) as draft, zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in [(MANIFEST, text.encode()), *sorted(files.items())]:
            # A fixed time stamp makes the same contents the same bytes.
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)


def read(path: Path) -> Bundle:
    """Open a bundle, a zip file or a folder of the same layout.

    Raises BadInput for a format that is not known, a path that leaves the bundle, a missing or
    unlisted file, and a file whose bytes are not those that were sealed.
    """
    contents = _contents(Path(path))
    if MANIFEST not in contents:
        raise BadInput(f"{path} is not a bundle: it has no {MANIFEST}")
    manifest = _manifest(contents.pop(MANIFEST), path)
    for name, digest in manifest.files.items():
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts or "\\" in name:
            raise BadInput(f"{path} names a file outside itself: {name}")
        if name not in contents:
            raise BadInput(f"{path} lacks its file {name}; get the bundle again")
        if hashlib.sha256(contents[name]).hexdigest() != digest:
            raise BadInput(f"{path}: {name} was changed after sealing (sha256 differs); get the bundle again")
    listed = {name for graph in manifest.graphs for name in (graph.file, *graph.weights)}.union(
        *(sample.files() for sample in manifest.samples)
    )
    unsealed = (listed | contents.keys()) - manifest.files.keys()
    if unsealed:
        raise BadInput(f"{path}: {', '.join(sorted(unsealed))} is not sealed by the manifest")
    return Bundle(manifest, contents, str(path))


def _contents(path: Path) -> dict[str, bytes]:
    try:
        if path.is_dir():
            return {str(f.relative_to(path).as_posix()): f.read_bytes() for f in path.rglob("*") if f.is_file()}
        with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
            return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    except FileNotFoundError as error:
        raise BadInput(f"no bundle at {path}") from error
    except (OSError, zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, ValueError) as error:
        raise BadInput(f"{path} is not a readable bundle; it may be cut short or damaged ({error})") from error


def _manifest(data: bytes, path: Path) -> Manifest:
    try:
        raw = json.loads(data)
        if raw.get("format") != FORMAT:
            raise BadInput(f"{path} has format {raw.get('format')}; this version reads format {FORMAT}")
        return Manifest.model_validate(raw)
    except ValidationError as error:
        raise BadInput(f"{path}: its manifest is not valid: {first_problem(error)}") from error
    except (ValueError, AttributeError) as error:
        raise BadInput(f"{path}: its manifest is not valid JSON: {error}") from error
