"""Trained networks on disk: `weights.safetensors` and `model.json`, and foreign `.pth` files.

A network that was trained in imitated int8 has the ranges of its layers among its tensors (`int8_grid`).

Foreign files are read with `weights_only=True`, so no code in a pickle ever runs; each network's
`adopt` then maps the names it knows.
"""

from __future__ import annotations

import json
import pickle
import re
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors import torch as safetensors
from torch import Tensor, nn

from .catalog import NETWORKS
from .errors import BadInput
from .files import sha256, to_json, write_bytes, write_text
from .int8_grid import Range, split
from .options import build_options
from .spec import ModelSpec, refuse_other_scale

WEIGHTS, FACTS = "weights.safetensors", "model.json"


@dataclass(frozen=True)
class Checkpoint:
    """A network with its weights, on the CPU, float32, in eval mode."""

    name: str
    options: Any
    network: nn.Module
    digest: str
    """sha256 of the weights file."""
    ranges: Mapping[str, Range] = field(default_factory=dict)
    """Layer -> range of its input, for the layers that were trained to compute in int8."""

    @property
    def spec(self) -> ModelSpec:
        """The facts of this network."""
        return NETWORKS.get(self.name).spec(self.options)

    def deployed(self) -> nn.Module:
        """The network as it is exported: the same function, in its leanest form."""
        return NETWORKS.get(self.name).deploy(self.network).eval()


def save(folder: Path, name: str, options: Any, network: nn.Module) -> None:
    """Write the two files into a folder."""
    write_text(folder / FACTS, to_json({"format": 1, "model": name, "options": asdict(options)}) + "\n")
    state = {key: value.detach().cpu().contiguous() for key, value in network.state_dict().items()}
    write_bytes(folder / WEIGHTS, safetensors.save(state))


def load(path: Path, scale: int | None = None, guess: int | None = None) -> Checkpoint:
    """A run folder, a weights file with its `model.json`, or a foreign `.pth` -> the network.

    `scale` is for weights that do not tell theirs; without it a foreign file's name may say `x2`, and
    where that does not either, `guess` is taken. Raises BadInput when it is missing, damaged, unsafe, of
    another scale, or no network here fits its tensors.
    """
    path = Path(path)
    weights = path / WEIGHTS if path.is_dir() else path
    if not weights.is_file():
        raise BadInput(f"no weights at {weights}")
    if weights.suffix == ".safetensors":
        name, options, state = _read_own(weights)
    else:
        name, options, state = _read_foreign(weights, scale or _scale_in(weights.stem) or guess)
    spec = NETWORKS.get(name).spec(options)
    refuse_other_scale(path, spec.task, spec.scale, scale)
    network, (state, ranges) = spec.build(), split(state)
    try:
        network.load_state_dict({key: value.float() for key, value in state.items()})
        for layer in ranges:
            network.get_submodule(layer)
    except (RuntimeError, AttributeError) as error:
        reason = " ".join(str(error).split())[:300]
        raise BadInput(f"{weights} does not fit the network '{name}' it claims to be: {reason}") from error
    return Checkpoint(name, options, network.eval(), sha256(weights), ranges)


def _read_own(weights: Path) -> tuple[str, Any, dict[str, Tensor]]:
    facts_file = weights.with_name(FACTS)
    try:
        facts = json.loads(facts_file.read_text(encoding="utf-8"))
        name, options = str(facts["model"]), dict(facts["options"])
        state = safetensors.load_file(weights)
    except FileNotFoundError as error:
        raise BadInput(f"{facts_file} is missing; it belongs beside {weights.name}") from error
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise BadInput(f"{weights.parent} holds no readable checkpoint: {error}") from error
    return name, build_options(NETWORKS.get(name).options, options, f"options of {facts_file}"), state


def unpickle(path: Path) -> Any:
    """What `torch.save` wrote, on the CPU; runs no code. Raises BadInput when it is damaged or would have to."""
    try:
        with warnings.catch_warnings(action="ignore"):
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise BadInput(
            f"{path} was refused: it is damaged, or a pickle that asks to run code; save it again as a plain state dict"
        ) from error
    except Exception as error:  # bytes that are no pickle fail in whatever way the first of them asks for
        raise BadInput(f"{path} is not a checkpoint that can be read; it may be cut short or damaged") from error


def read_state(weights: Path) -> dict[str, Tensor]:
    """The tensors of a foreign file by their names; raises BadInput when it is missing, damaged or unsafe."""
    if not weights.is_file():
        raise BadInput(f"no weights at {weights}")
    return _unwrap(unpickle(weights), weights)


def _read_foreign(weights: Path, scale: int | None) -> tuple[str, Any, dict[str, Tensor]]:
    state = read_state(weights)
    for name, model in NETWORKS.items():
        found = model.adopt(state, scale)
        if found:
            options, renamed = found
            return name, options, renamed
    raise BadInput(f"{weights}: its tensors fit none of the networks here ({', '.join(NETWORKS.names())})")


def _scale_in(stem: str) -> int | None:
    """The scale that a file name like `fsrcnn_x3` or `4xSomething` speaks of."""
    found = re.search(r"(?<![a-z0-9])(?:x([1-8])|([1-8])x)(?![0-9])", stem.lower())
    return int(found[1] or found[2]) if found else None


def _unwrap(content: Any, weights: Path) -> dict[str, Tensor]:
    for key in ("params_ema", "params", "state_dict", "model"):
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
            break
    if not isinstance(content, Mapping) or not all(isinstance(value, Tensor) for value in content.values()):
        raise BadInput(f"{weights} holds no state dict (names to tensors)")
    return {str(key).removeprefix("module."): value for key, value in content.items()}
