"""What is written beside a TensorRT plan, and whether the plan is to be used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationError

from .errors import BadInput
from .facts import Digest, Label, NotNegative, Strict
from .files import to_json, whole
from .options import first_problem

Size = tuple[int, int]
"""Height and width in pixels."""
Written = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,5}x[1-9][0-9]{0,5}$")]
"""A size as HEIGHTxWIDTH."""
Capability = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{1,2}$")]
"""A compute capability without its point: 86."""
NAMES = {"tensorrt": "TensorRT", "rtx": "TensorRT for RTX"}
"""Flavour -> what it is called."""


class Profile(Strict):
    """The frames that a plan serves: the smallest, those it is fastest at, and the largest."""

    min: Written
    opt: Written
    max: Written

    @classmethod
    def of(cls, sizes: Sequence[Size]) -> Profile:
        """The smallest, the best and the largest size."""
        least, best, most = (f"{height}x{width}" for height, width in sizes)
        return cls(min=least, opt=best, max=most)

    def sizes(self) -> list[Size]:
        """The smallest, the best and the largest size."""
        return [_size(text) for text in (self.min, self.opt, self.max)]

    def why_not(self, size: Size) -> str | None:
        """Why a frame of this size is not served, to go after the plan's name; None when it is."""
        least, _, most = self.sizes()
        if all(low <= side <= high for low, side, high in zip(least, size, most, strict=True)):
            return None
        return f"serves frames of {self.min} to {self.max}, and not of {size[0]}x{size[1]}"


class PlanRequest(Strict):
    """What decides a plan before it is built."""

    flavour: Literal["tensorrt", "rtx"]
    version: Label
    compute_capabilities: Annotated[list[Capability], Field(min_length=1)]
    device: Label | None = None
    """The GPU that it is timed on and for; None: it is built ahead of time, for any of those capabilities."""
    multiprocessors: Annotated[int, Field(ge=1)] | None = None
    """How many that GPU has."""
    profile: Profile
    source: Label
    """The name of the ONNX file."""
    source_sha256: Digest
    workspace_mib: Annotated[int, Field(ge=1)] | None = None
    """The most memory that one layer may ask for; None: as much as there is."""
    dla_core: Annotated[int, Field(ge=0)] | None = None
    """The deep learning accelerator that it runs on, beside the GPU; None: the GPU alone."""


class PlanFacts(PlanRequest):
    """What is known of a plan that was built."""

    sha256: Digest
    bytes: Annotated[int, Field(ge=1)]
    build_seconds: NotNegative
    driver: Label | None = None
    """The CUDA version of the driver that it was built with; None where none had a part in it."""
    timing_cache: Literal["none", "new", "reused"] = "none"
    """Whether timings of an earlier build were there to start from."""


def facts_file(plan: Path) -> Path:
    """The file with the facts of a plan."""
    return plan.with_name(plan.name + ".json")


def read_facts(plan: Path) -> PlanFacts:
    """What is known of a plan; BadInput where its facts are missing or not readable."""
    try:
        return PlanFacts.model_validate_json(facts_file(plan).read_bytes())
    except OSError as error:
        raise BadInput(f"{plan} has no readable facts beside it in {facts_file(plan).name}") from error
    except ValidationError as error:
        raise BadInput(f"{facts_file(plan)} does not hold the facts of a plan: {first_problem(error)}") from error


def write_plan(path: Path, plan: bytes, facts: PlanFacts) -> None:
    """Write a plan and its facts, whole or not at all. Raises BadInput where the place cannot be written."""
    # The facts are put in place first: a plan is never without them.
    with whole(path) as plan_draft, whole(facts_file(path)) as facts_draft:
        plan_draft.write_bytes(plan)
        facts_draft.write_text(to_json(facts.model_dump()) + "\n", encoding="utf-8")


def why_unfit(plan: Path, wanted: PlanRequest) -> str | None:
    """Why a plan is not to be used where `wanted` is needed, to go after its name; None when it is fit.

    A plan that serves more sizes or capabilities than those is fit, and so is one that was built in another
    workspace or for another accelerator: they decide how fast it is, not what it gives.
    """
    try:
        data, facts = plan.read_bytes(), read_facts(plan)
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    except BadInput:
        return f"has no sound facts beside it, in {facts_file(plan).name}"
    return next(_foreign(facts, wanted), None) or _damaged(facts, data)


def _foreign(facts: PlanFacts, wanted: PlanRequest) -> Iterator[str]:
    """What is wrong with a plan for this machine, this graph and these sizes, the plainest first."""
    if facts.flavour != wanted.flavour:
        yield f"is for {NAMES[facts.flavour]}, and not for {NAMES[wanted.flavour]}"
    if facts.version != wanted.version:
        yield f"was built by {NAMES[facts.flavour]} {facts.version}, and here is {wanted.version}"
    missing = [one for one in wanted.compute_capabilities if one not in facts.compute_capabilities]
    if missing:
        built, lacking = (", ".join(map(_pointed, some)) for some in (facts.compute_capabilities, missing))
        yield f"was built for compute capability {built}, and not for {lacking}"
    if wanted.device not in (None, facts.device):
        yield f"was built on {facts.device or 'no GPU'}, and not on {wanted.device}"
    if wanted.multiprocessors not in (None, facts.multiprocessors):
        yield f"was built on {facts.multiprocessors} multiprocessors, and not on {wanted.multiprocessors}"
    if facts.source_sha256 != wanted.source_sha256:
        yield f"was built from another graph than {wanted.source} now is"
    least, _, most = wanted.profile.sizes()
    yield from (reason for size in (least, most) if (reason := facts.profile.why_not(size)))


def _damaged(facts: PlanFacts, data: bytes) -> str | None:
    if len(data) != facts.bytes:
        return f"has {len(data)} bytes, and {facts.bytes} were built: it was cut short or replaced"
    if sha256(data).hexdigest() != facts.sha256:
        return "is not as it was built: its bytes were altered"
    return None


def _pointed(capability: str) -> str:
    """86 -> 8.6."""
    return f"{capability[:-1]}.{capability[-1]}"


def _size(text: str) -> Size:
    height, _, width = text.partition("x")
    return int(height), int(width)
