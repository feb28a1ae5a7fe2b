"""The shipped interpolator's network, whose faces must give one picture whoever warps."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from interpolators import make_interpolator
from pocketlens.core.catalog import ENGINES
from pocketlens.core.checkpoint import Checkpoint
from pocketlens.export.build import Graphs
from pocketlens.runtime import Session
from pocketlens.students.ifnet_lite import MODEL, Options
from torch import nn

FACES = ("float", "frame", "motion")


@pytest.fixture(scope="module")
def graphs() -> Mapping[str, bytes]:
    """fp32 graphs by face, of an untrained network that moves things by some pixels."""
    options = Options()
    torch.manual_seed(0)
    network = MODEL.spec(options).build().eval()
    for name, module in network.named_modules():
        if name.endswith("head") and isinstance(module, nn.Conv2d):
            nn.init.normal_(module.weight, 0, 1.0)
    built = Graphs(Checkpoint("ifnet_lite", options, network, "0" * 64))
    return {face: built.build("fp32", face).SerializeToString() for face in FACES}


def smooth(height: int, width: int, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 3), np.empty(0), 0, 255, cv2.NORM_MINMAX)


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
@pytest.mark.parametrize("size", [(64, 96), (75, 101), (1, 1)], ids=["aligned", "odd", "a pixel"])
def test_all_faces_give_the_same_picture_to_a_grey_level(
    graphs: Mapping[str, bytes], tmp_path: Path, engine: str, size: tuple[int, int]
):
    before, after = smooth(*size, seed=1), smooth(*size, seed=2)
    made = {}
    for face in ("float", "motion"):
        graph = {("fp32", face): graphs[face]}
        bundle = make_interpolator(tmp_path / f"{face}.plens", graph, sampling=MODEL.spec(Options()).sampling)
        with Session.open(bundle, engine) as session:
            made[face] = session.between(before, after, 0.3).astype(int)
            if face == "motion" and size != (1, 1):
                flows = session.motion(before, after, 0.3)
                assert min(np.abs(flows.before).max(), np.abs(flows.after).max()) > 2
    feeds = {"before": before[None], "after": after[None], "t": np.array([0.3], np.float32)}
    program = ENGINES.get(engine).load(graphs["frame"], 1)
    made["frame"] = program.run(feeds)["between"][0].astype(int)
    for face in ("float", "frame"):
        assert np.abs(made[face] - made["motion"]).max() <= 1, face
