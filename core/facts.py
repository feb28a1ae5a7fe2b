"""The kinds of facts that manifests are made of: each is bounded, for strangers write them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Precision = Literal["fp32", "fp16", "int8"]
Sampling = Literal["bilinear", "bicubic"]
"""By which kernel a value is fetched from between pixels; bicubic is Keys' with a = -0.75, as PyTorch has it."""
Degradation = Literal["bicubic", "real"]
"""How LR pictures are made of HR ones; `core/degradation.py` makes them."""
Label = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\p{Cc}\p{Zl}\p{Zp}]+$")]
"""A name that can be shown: nothing in it moves the cursor."""
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A sha256 in hexadecimal digits."""
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Strict(BaseModel):
    """Facts that are as stated or not at all: no unknown keys, no conversion, no change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
