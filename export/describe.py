"""What a bundle says of a network before anything is measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from pydantic import ValidationError

from ..core.checkpoint import Checkpoint
from ..core.errors import BadInput, told
from ..core.manifest import Graph, Manifest
from ..core.options import first_problem
from .cost import macs_per_pixel, parameters


def describe(trained: Checkpoint, name: str, graphs: Sequence[Graph]) -> Manifest:
    """A manifest of the network's facts, with the hash of its weights for provenance.

    Raises BadInput for facts, or a name, that no bundle may have.
    """
    spec, deployed = trained.spec, trained.deployed()
    try:
        return Manifest(
            name=name,
            task=spec.task,
            network=trained.name,
            options=asdict(trained.options),
            parameters=parameters(deployed),
            channels=spec.channels,
            scale=spec.scale,
            align=spec.align,
            reach=spec.reach,
            sampling=spec.sampling,
            macs_per_pixel=macs_per_pixel(deployed, spec),
            inputs=list(spec.inputs),
            output=spec.output,
            graphs=list(graphs),
            samples=[],
            quality={},
            limits={},
            provenance={"weights_sha256": trained.digest},
            files={},
        )
    except ValidationError as error:
        raise BadInput(f"{told(name)} cannot be sealed: {first_problem(error)}") from error
