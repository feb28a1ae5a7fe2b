"""What several graphs hold in common is kept once, and comes back whole."""

from __future__ import annotations

from pocketlens.core.graph_bytes import with_weights
from pocketlens.export.graph import constants
from pocketlens.export.share import share


def test_faces_and_processors_share_their_weights(build):
    wanted = {
        f"{precision}-{face}-{target}": build("ifnet_lite", precision, face, target)
        for precision, targets in (("fp32", ["cpu"]), ("int8", ["cpu", "tensorrt"]))
        for face in ("float", "frame", "split", "motion")
        for target in targets
    }
    files, needed = share(wanted)
    once = {(t.name, t.raw_data) for model in wanted.values() for t in model.graph.initializer}
    assert sum(len(data) for name, data in files.items() if name.startswith("weights/")) < 1.2 * sum(
        len(data) for _, data in once
    )
    for name, model in wanted.items():
        made = type(model).FromString(with_weights(files[name], [files[part] for part in needed[name]]))
        assert constants(made.graph) == constants(model.graph)
        del made.graph.initializer[:]
        rest = type(model).FromString(model.SerializeToString())
        del rest.graph.initializer[:]
        assert made == rest


def test_a_graph_on_its_own_keeps_all(build):
    model = build("sesr", "fp32")
    files, needed = share({"a.onnx": model})
    assert needed == {"a.onnx": []} and files == {"a.onnx": model.SerializeToString()}


def test_tensors_of_one_name_and_other_values_are_not_mixed_up(build):
    graphs = {"a": build("ifnet_lite", "fp32"), "b": build("ifnet_lite", "fp32", "split")}
    other = type(graphs["b"]).FromString(graphs["b"].SerializeToString())
    weight = next(tensor for tensor in other.graph.initializer if len(tensor.dims) == 4)
    weight.raw_data = bytes(len(weight.raw_data))
    files, needed = share({**graphs, "c": other})
    for name, model in {**graphs, "c": other}.items():
        made = type(model).FromString(with_weights(files[name], [files[part] for part in needed[name]]))
        assert constants(made.graph)[weight.name] == constants(model.graph)[weight.name]
