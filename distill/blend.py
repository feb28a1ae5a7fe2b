"""Network interpolation (ESRGAN, Wang et al. 2018, section 3.4): between the weights of two stages of one network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import nn

from ..core import checkpoint
from ..core.checkpoint import Checkpoint
from ..core.errors import BadInput
from ..core.files import refuse_existing, to_json, whole, write_text
from ..core.locate import is_bundle, locate

FACTS = "blend.json"


def blend(first: str, second: str, alpha: float, out: Path, force: bool = False) -> dict[str, Any]:
    """Write the network whose weights are (1 - alpha) of the first's and alpha of the second's; returns what it is of.

    Raises BadInput for an `alpha` outside of 0 to 1, for models that are not trained weights of one and the same
    network, and for an `out` that exists, unless forced.
    """
    if not 0 <= alpha <= 1:
        raise BadInput(f"alpha = {alpha:g} is not from 0 (the first alone) to 1 (the second alone)")
    refuse_existing(out, force)
    one, other = _load(first), _load(second)
    if (one.name, one.options) != (other.name, other.options):
        raise BadInput(
            f"{first} is {one.name} with {one.options} and {second} {other.name} with {other.options}: only "
            "weights of one network can be blended"
        )
    facts = {
        "alpha": alpha,
        "of": [
            {"name": Path(name).name, "weights_sha256": each.digest} for name, each in ((first, one), (second, other))
        ],
    }
    with whole(out, folder=True) as draft:
        checkpoint.save(draft, one.name, one.options, _between(one.network, other.network, alpha))
        write_text(draft / FACTS, to_json(facts) + "\n")
    return facts


def _load(model: str) -> Checkpoint:
    path = locate(model)
    if is_bundle(path):
        raise BadInput(f"{model} is a bundle, whose weights are no longer those that were trained; give the run folder")
    loaded = checkpoint.load(path)
    if loaded.ranges:
        raise BadInput(f"{model} was trained in int8, whose steps do not blend; give runs in float")
    return loaded


def _between(first: nn.Module, second: nn.Module, alpha: float) -> nn.Module:
    """The first network, moved towards the second."""
    theirs = second.state_dict()
    first.load_state_dict({name: value.lerp(theirs[name], alpha) for name, value in first.state_dict().items()})
    return first
