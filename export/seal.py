"""A trained network -> a sealed bundle: graphs, samples, scores, limits and provenance."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch

from .. import __version__
from ..core import picture
from ..core.bundle import Bundle, Graph, Manifest, Sample
from ..core.checkpoint import Checkpoint
from ..core.colour import from_network, recolour, to_network
from ..core.metrics import psnr_y, ssim_y
from ..core.resize import crop_to_multiple, resize, shrink
from .cost import macs_per_pixel, parameters
from .faces import float_face, frame_face
from .quantize import quantize
from .samples import draw
from .verify import Runner, measure

MARGIN = 0.5
"""dB that a graph may lose against what it reached when it was sealed."""
SURE = 60.0
"""dB above which two 8-bit pictures are as good as equal."""


@dataclass(frozen=True)
class Calibration:
    """Inputs (1, C, H, W) float32 in [0, 1] for the quantizer, and where they are from."""

    inputs: Sequence[np.ndarray] = ()
    provenance: dict[str, Any] = field(default_factory=dict)


def seal(
    trained: Checkpoint, name: str, precisions: Sequence[str], calibration: Calibration,
    score_on: Iterable[tuple[str, list[tuple[str, np.ndarray]]]] = (), provenance: dict[str, Any] | None = None,
) -> tuple[Manifest, dict[str, bytes]]:  # fmt: skip
    """Build every graph, measure each, and describe it all.

    `score_on` is (name of a data set, its HR pictures): each precision is scored there besides on
    the samples. Raises MachineCannot when int8 is asked for without NNCF.
    """
    graphs, files = build_graphs(trained, precisions, calibration)
    samples, sample_files = make_samples(trained)
    spec = trained.spec
    manifest = Manifest(
        name=name, task=spec.task, network=trained.name, options=asdict(trained.options),
        parameters=parameters(trained.deployed()), channels=spec.channels, scale=spec.scale, align=spec.align,
        reach=spec.reach, macs_per_pixel=macs_per_pixel(trained.deployed(), spec), inputs=list(spec.inputs),
        output=spec.output, graphs=graphs, samples=samples, quality={}, limits={},
        provenance={
            **(provenance or {}), "weights_sha256": trained.digest, "calibration": calibration.provenance,
            "versions": {"pocketlens": __version__, **{p: version(p) for p in ("torch", "onnx", *(["nncf"] if "int8" in precisions else []))}},
        }, files={},
    )  # fmt: skip
    bundle = Bundle(manifest, {**files, **sample_files}, name)
    sets = [("samples", [(pic, hr) for pic, hr in draw()]), *score_on]
    measured = {
        "quality": {label: score(bundle, precisions, pictures) for label, pictures in sets},
        "limits": _limits(bundle),
    }
    return manifest.model_copy(update=measured), dict(bundle.files)


def build_graphs(
    trained: Checkpoint, precisions: Sequence[str], calibration: Calibration
) -> tuple[list[Graph], dict[str, bytes]]:
    """Both faces of each precision; only int8 differs between CPU and TensorRT."""
    reference = float_face(trained)
    cores: dict[tuple[str, str], onnx.ModelProto] = {}
    for precision in precisions:
        if precision == "int8":
            made = quantize(reference, calibration.inputs)
            cores["int8", "cpu"], cores["int8", "tensorrt"] = made.cpu, made.tensorrt
        else:
            cores[precision, ""] = reference if precision == "fp32" else float_face(trained, half=True)
    graphs, files = [], {}
    for (precision, processor), core in cores.items():
        for face, model in (("float", core), ("frame", frame_face(core, trained.spec))):
            file = "graphs/" + "-".join(part for part in (precision, face, processor) if part) + ".onnx"
            files[file] = model.SerializeToString()
            for target in [processor] if processor else ["cpu", "tensorrt"]:
                graphs.append(Graph(file=file, precision=precision, face=face, target=target))  # type: ignore[arg-type]
    return graphs, files


def make_samples(trained: Checkpoint) -> tuple[list[Sample], dict[str, bytes]]:
    """The drawn pictures made small, and what the network in fp32 torch makes of them."""
    samples, files = [], {}
    for name, hr in draw():
        hr = crop_to_multiple(hr, trained.spec.scale * trained.spec.align)
        lr = shrink(hr, trained.spec.scale)
        sample = Sample(input=f"samples/{name}-in.png", expected=f"samples/{name}-out.png", truth=f"samples/{name}.png")
        pictures = zip((sample.input, sample.expected, sample.truth), (lr, reference(trained, lr), hr), strict=True)
        files |= {file: picture.encode(bgr) for file, bgr in pictures}
        samples.append(sample)
    return samples, files


def reference(trained: Checkpoint, lr: np.ndarray) -> np.ndarray:
    """What the deployed network makes of a picture whose sides are multiples of `align`."""
    with torch.inference_mode():
        made = trained.deployed()(torch.from_numpy(to_network(lr, trained.spec.channels))[None])[0].numpy()
    return recolour(made[0], lr) if trained.spec.channels == 1 else from_network(made)


def score(bundle: Bundle, precisions: Sequence[str], pictures: list[tuple[str, np.ndarray]]) -> dict[str, float]:
    """Mean PSNR-Y in dB and SSIM-Y of every precision on HR pictures, bicubic beside them."""
    facts = bundle.manifest
    pairs = [(shrink(hr, facts.scale), hr) for _, whole in pictures for hr in [crop_to_multiple(whole, facts.scale * facts.align)]]
    scores = _mean_scores("bicubic", [(resize(lr, *hr.shape[:2]), hr) for lr, hr in pairs], facts.scale)
    for precision in precisions:
        runner = Runner(bundle.graph(precision, "float", "cpu"), "float", facts)
        scores |= _mean_scores(precision, [(runner(lr), hr) for lr, hr in pairs], facts.scale)
    return scores


def _mean_scores(label: str, pairs: list[tuple[np.ndarray, np.ndarray]], border: int) -> dict[str, float]:
    psnr = float(np.mean([psnr_y(made, hr, border) for made, hr in pairs]))
    ssim = float(np.mean([ssim_y(made, hr, border) for made, hr in pairs]))
    return {f"psnr_y_{label}": round(psnr, 3), f"ssim_y_{label}": round(ssim, 5)}


def _limits(bundle: Bundle) -> dict[str, float]:
    """What each precision's worst graph reaches now, less the margin."""
    reached: dict[str, float] = {}
    for measured in measure(bundle):
        name = f"psnr_{measured.graph.precision}"
        reached[name] = min(reached.get(name, math.inf), measured.psnr)
    return {name: round(min(SURE, value) - MARGIN, 2) for name, value in reached.items()}


def provenance_of(folder: Path) -> dict[str, Any]:
    """Recipe, teacher, training time and validation scores, where `folder` is a run folder."""
    metrics = folder / "metrics.json"
    if not metrics.is_file():
        return {"recipe": None}
    kept = json.loads(metrics.read_text(encoding="utf-8"))
    return {key: kept.get(key) for key in ("recipe", "teacher", "steps", "seconds", "versions")}
