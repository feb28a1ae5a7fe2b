"""Branches of unlike range share one grid without loss, and the function stays what it was."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch
from graphs import run_all
from moving import slid, to_feeds
from onnx import helper
from pocketlens.core.checkpoint import Checkpoint
from pocketlens.export.balance import balanced
from pocketlens.export.build import Graphs
from pocketlens.export.graph import array, constants
from pocketlens.export.quantize import image_space
from pocketlens.students.ifnet_lite import MODEL, Options
from torch import nn


class Training(Checkpoint):
    """A network as it is trained, its branches joined."""

    def deployed(self) -> nn.Module:
        return self.network


@pytest.fixture(scope="module")
def both() -> tuple[onnx.ModelProto, onnx.ModelProto, list[str]]:
    """A graph, the same balanced, and the nodes that were added."""
    widths = ("stem", "quarter", "eighth", "sixteenth", "coarse", "middle", "fine")
    options = Options(**dict.fromkeys(widths, 8), depth=1)
    torch.manual_seed(0)
    network = MODEL.spec(options).build().eval()
    for name, module in network.named_modules():
        if name.endswith("head") and isinstance(module, nn.Conv2d):
            nn.init.normal_(module.weight, 0, 0.12)
    graph = Graphs(Training("ifnet_lite", options, network, "0" * 64)).build("fp32")
    model, added = balanced(graph, [to_feeds(*slid(64, 96, 5))], image_space(graph.graph))
    return graph, model, added


def test_in_float_nothing_changes(both):
    graph, model, _ = both
    feeds = to_feeds(*slid(96, 64, 3, 2, seed=1), t=0.3)
    wanted, made = run_all(graph, feeds), run_all(model, feeds)
    np.testing.assert_allclose(made["between"], wanted["between"], atol=2e-4)
    assert len(graph.graph.node) < len(model.graph.node), "the graph that was given is left alone"


def test_every_channel_of_a_joint_ranges_as_far_as_the_widest_branch(both):
    _, model, added = both
    seen = onnx.ModelProto()
    seen.CopyFrom(model)
    concats = [node for node in model.graph.node if node.op_type == "Concat" and set(node.input) & set(added)]
    del seen.graph.output[:]
    seen.graph.output.extend(helper.make_empty_tensor_value_info(name) for node in concats for name in node.input)
    found = {name: np.abs(values).max((0, 2, 3)) for name, values in run_all(seen, to_feeds(*slid(64, 96, 5))).items()}
    assert len(concats) == 2
    for node in concats:
        widest = max(found[name].max() for name in node.input if name not in added)
        for name in set(node.input) & set(added):
            np.testing.assert_allclose(found[name], widest, rtol=1e-3)


def test_only_narrow_branches_that_nothing_rounds_are_touched(both, build):
    _, model, added = both
    widths = [len(array(constants(model.graph)[f"{name}/gain"])) for name in added]
    assert sorted(widths) == [5, 5], "twice the motion so far"
    for name in ("sesr", "fsrcnn", "esrgan"):
        graph = build(name, "fp32")
        frame = {"frame": np.random.default_rng(0).random((1, 3 if name == "esrgan" else 1, 16, 16), np.float32)}
        unchanged, none = balanced(graph, [frame], image_space(graph.graph))
        assert none == [] and unchanged == graph
