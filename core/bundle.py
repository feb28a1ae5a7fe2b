"""The sealed bundle: one zip with a manifest, the graphs, and samples to measure them on.

`manifest.json` names every other file with its sha256; opening verifies them all.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Mapping, Set
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from .archive import MOST_BYTES, read_files
from .errors import BadBundle, BadInput
from .files import whole
from .graph_bytes import with_weights
from .graph_check import check_graph, refuse_misfit
from .manifest import MANIFEST, Graph, Manifest, parse

if TYPE_CHECKING:
    import numpy as np

MOST_PIXELS = 1 << 22
"""Of a sample picture."""
PLANS = (".plan", ".engine", ".trt")
"""Suffixes of what TensorRT builds."""
Compute = Callable[[Mapping[str, "np.ndarray"]], dict[str, "np.ndarray"]]
"""What the `float` face does, by name."""
_MEND = "build one on the machine that is to run it, by pocketlens export trt"


class Bundle:
    """An opened bundle; all bytes are in memory and verified."""

    def __init__(
        self,
        manifest: Manifest,
        files: Mapping[str, bytes],
        source: str,
        original: Callable[[int], Compute] | None = None,
    ) -> None:
        self.manifest, self.files, self.source = manifest, files, source
        self.original = original
        """A number of threads -> the trained network that the graphs were made of; None where it is not at hand."""

    def graph(self, precision: str, face: str = "float", target: str = "cpu") -> bytes:
        """The ONNX bytes of one graph; BadInput lists what there is when it is not in the bundle."""
        for graph in self.manifest.graphs:
            if (graph.precision, graph.face, graph.target) == (precision, face, target):
                return self.whole(graph)
        held = ", ".join(f"{g.precision}/{g.face}/{g.target}" for g in self.manifest.graphs)
        raise BadInput(f"{self.source} holds no {precision}/{face}/{target} graph; it holds: {held}")

    def whole(self, graph: Graph) -> bytes:
        """The ONNX bytes of a graph of this bundle, all its weights in it.

        Raises BadBundle for a graph that `graph_check` does not let pass, or that is not what the manifest says.
        """
        data, weights = self.files[graph.file], [self.files[name] for name in graph.weights]
        try:
            if len(data) + sum(map(len, weights)) > MOST_BYTES:
                raise ValueError(f"it has more than {MOST_BYTES >> 20} MiB")
            data = with_weights(data, weights) if weights else data
            for found, promised, what in zip(
                check_graph(data), self.manifest.ports(graph.face), ("inputs", "outputs"), strict=True
            ):
                refuse_misfit(found, promised, what)
        except ValueError as error:
            raise BadBundle(self.source, f"{graph.file} is no graph that can be run: {error}") from error
        return data


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
    """Open a bundle, a zip file or a folder of the same layout, which a stranger may have made.

    Raises BadBundle for what `archive.read_files` does not take, a format that is not known, facts that no network
    has, a name that leaves the bundle, a file that is missing, changed since it was sealed, or of no use to the
    manifest, and samples that are no small pictures.
    """
    contents = read_files(Path(path))
    if MANIFEST not in contents:
        raise BadBundle(path, f"not a bundle: it has no {MANIFEST}")
    manifest = parse(contents.pop(MANIFEST), path)
    for name, digest in manifest.files.items():
        if not _stays_inside(name):
            raise BadBundle(path, f"it names a file outside itself, or nearly: {name}")
        if name not in contents:
            raise BadBundle(path, f"it lacks its file {name}; get the bundle again")
        if hashlib.sha256(contents[name]).hexdigest() != digest:
            raise BadBundle(path, f"{name} was changed after sealing (sha256 differs); get the bundle again")
    _refuse_others(manifest, contents.keys(), path)
    for name in dict.fromkeys(name for sample in manifest.samples for name in sample.files()):
        if not _is_small_png(contents[name]):
            raise BadBundle(path, f"{name} is not a PNG of up to {MOST_PIXELS} pixels")
    return Bundle(manifest, contents, str(path))


def _refuse_others(manifest: Manifest, held: Set[str], path: Path) -> None:
    """Raise BadBundle unless the files that are there, sealed, and of use are the same."""
    used = {name for graph in manifest.graphs for name in (graph.file, *graph.weights)}.union(
        *(sample.files() for sample in manifest.samples)
    )
    unsealed = sorted((used | held) - manifest.files.keys())
    if unsealed:
        raise BadBundle(path, f"not sealed by the manifest: {', '.join(unsealed)}")
    for name in sorted(held - used):
        if PurePosixPath(name).suffix in PLANS:
            raise BadBundle(path, f"{name} is a TensorRT plan, which is code: {_MEND}")
        raise BadBundle(path, f"{name} is neither a graph nor weights nor a sample")


def _stays_inside(name: str) -> bool:
    """Whether a name is that of a file in the bundle on every system."""
    plain = name.isprintable() and "\\" not in name and ":" not in name
    return plain and not {"", ".", ".."} & set(name.split("/"))


def _is_small_png(data: bytes) -> bool:
    """Whether a picture can be decoded in little memory."""
    width, height = int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    return data.startswith(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR") and 0 < width * height <= MOST_PIXELS
