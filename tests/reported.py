"""Small models to report on."""

from __future__ import annotations

import json
from pathlib import Path

from bundles import make_bundle, upscaler_graph
from contracts import changed, sealed, with_pairs, with_pictures
from interpolators import make_interpolator
from pocketlens.core.bundle import Bundle, write
from pocketlens.core.card import Card, TrainingSet
from pocketlens.core.contract import Recording

HOSTILE = "</td><script src=//evil.example/x.js></script><img src=//evil.example/y onerror=alert(1)>"
CARD = Card(intended_use="Tests & nothing else", data=[TrainingSet(name="T91", licence="research only")])
ORIGIN = {
    "recipe": {"summary": HOSTILE, "seed": 7, "data": {"train": ["T91", HOSTILE]}, HOSTILE: [HOSTILE, None]},
    "teacher": {"name": "rrdb", "weights_sha256": "ab" * 32},
    "weights_sha256": "cd" * 32,
    "seconds": 12.5,
}
QUALITY = {
    "Set5": {"psnr_y_bicubic": 33.67, "psnr_y_teacher": 37.5, "psnr_y_fp32": 37.21, "psnr_y_int8": 37.17},
    HOSTILE: {"psnr_y_fp32": 1.0, HOSTILE: 2.0},
}

CURVE = [{"step": 2000, "psnr_y": 35.25, HOSTILE: 0.5}, {"step": 4000, "psnr_y": 35.75, HOSTILE: 0.25}]

RECORDING = Recording(
    engine="openvino",
    version="2026.2",
    precision="int8",
    threads=1,
    processor="Elsewhere, 2 cores",
    reference="convolutions",
    ratio=1.25,
    noise=0.017,
    memory_mib=98.4,
)


def upscaler(folder: Path) -> Path:
    """A bundle with samples, a contract and a card, and with all the names that a stranger may choose."""
    graphs = {"fp32": upscaler_graph(), "int8": upscaler_graph(seed=1)}
    bundle = sealed(with_pictures(make_bundle(folder / "plain.plens", graphs=graphs), 3))
    contract = bundle.manifest.contract
    assert contract
    sets = {**contract.sets, "Set14": contract.sets["samples"]}
    contract = contract.model_copy(update={"sets": sets, "recordings": [RECORDING]})
    facts = {"name": HOSTILE, "quality": QUALITY, "card": CARD, "provenance": ORIGIN, "contract": contract}
    return _written(folder / "up.plens", changed(bundle, **facts, curve=CURVE))


def interpolator(folder: Path) -> Path:
    """A bundle with samples and a contract."""
    return _written(folder / "mid.plens", sealed(with_pairs(make_interpolator(folder / "still.plens"), 2)))


def write_curves(folder: Path) -> None:
    """The curves of a run, the last row cut short."""
    rows = [{"step": at * 1000, "seconds": at, "psnr_y": 36 + at / 10, "pixel": 0.02 / at} for at in range(1, 6)]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "metrics.jsonl").write_text(text + '{"step": 6000, "psn')


def _written(path: Path, bundle: Bundle) -> Path:
    write(path, bundle.manifest, bundle.files)
    return path
