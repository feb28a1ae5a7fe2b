"""What int8 in each layer costs, as `pocketlens quantize --explain --json` tells it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from ...core.errors import BadInput
from ...core.facts import Label
from ...core.options import first_problem

_MOST_BYTES = 1 << 22


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Layer(_Part):
    """One layer, alone in int8."""

    name: Label
    lost: FiniteFloat
    """dB of PSNR against the truth."""
    share_of_work: FiniteFloat
    psnr_to_fp32: FiniteFloat | None = None
    """dB; None where the two are the same."""


class FloatSet(_Part):
    """Layers that are left in float, and what int8 in all others costs."""

    in_float: Annotated[list[Label], Field(alias="float", max_length=4000)]
    lost: FiniteFloat
    share_of_work: FiniteFloat


class Sensitivity(_Part):
    """A network's."""

    network: Label
    layers: Annotated[list[Layer], Field(max_length=4000)]
    float_sets: dict[Label, FloatSet | None] = Field(default_factory=dict, max_length=100)


def read_sensitivity(path: Path) -> Sensitivity:
    """Raises BadInput for a file that holds nothing of the kind."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise BadInput(f"{path} is too large to be what quantize --explain --json writes")
        return Sensitivity.model_validate_json(path.read_bytes())
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from error
    except ValidationError as error:
        raise BadInput(f"{path} is not what quantize --explain --json writes: {first_problem(error)}") from error
