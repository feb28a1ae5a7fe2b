"""TensorRT plans that this machine has built, kept so that each is built once.

A plan is code. These are of our own making: they lie in the user's cache, each with its facts beside it, and one whose
facts or bytes are not those of a plan for this graph, TensorRT and GPU is built again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from ..core.errors import BadInput, MachineCannot
from ..core.files import cache_home
from ..core.gpu import first_gpu
from ..core.graph_check import Port, check_graph
from ..core.make_plan import make_plan, request_plan
from ..core.plan_facts import PlanRequest, Size, why_unfit, write_plan
from ..core.progress import progress
from ..core.tensorrt_plan import Flavour
from ..core.tensorrt_watch import STEPS
from .engine import telling_line
from .tiles import round_up

_LEAST, _BEST, _MOST = (1, 1), (360, 640), (1920, 1920)
"""Height and width of the smallest frame, the one to be fastest at, and the largest: Full HD, upright as well."""


def plans_of(graph: bytes, flavour: Flavour, notes: list[str]) -> Iterator[bytes]:
    """The kept plan of a graph, if it is fit; and, where that is not taken, one that is built now and kept.

    Adds to `notes` why a plan that was kept is not used. Raises MachineCannot where none can be built.
    """
    try:
        ports = check_graph(graph)[0]
        sizes = _sizes(ports.values())
        digest = hashlib.sha256(graph).hexdigest()
        capabilities = [first_gpu().compute_capability] if flavour.ahead_of_time else []
        wanted = request_plan(flavour, sizes, "the bundle's graph", digest, capabilities)
        path, timings = _files(wanted)
        if path.exists():
            reason = why_unfit(path, wanted)
            if reason is None:
                yield path.read_bytes()
                reason = "cannot be loaded"
            notes.append(f"the plan {path.name} {reason}; it is built again from the graph")
        with progress("building a TensorRT plan", STEPS) as advance:
            shapes = {name: [_shape(port, size) for size in sizes] for name, port in ports.items()}
            plan, facts = make_plan(graph, shapes, flavour, wanted, timings, advance)
    except (BadInput, ValueError, OSError) as error:
        raise MachineCannot(telling_line(error)) from error
    try:
        write_plan(path, plan, facts)
    except BadInput as error:
        notes.append(f"the plan will be built again next time: {error}")
    yield plan


def _sizes(ports: Collection[Port]) -> list[Size]:
    """The smallest frame, the one to be fastest at, and the largest; all in steps that the network wants."""
    step = max((port.step for port in ports), default=1)
    return [(round_up(height, step), round_up(width, step)) for height, width in (_LEAST, _BEST, _MOST)]


def _shape(port: Port, size: Size) -> tuple[int, ...]:
    """The shape of one frame, NCHW, or of the moment that goes with frames."""
    return (1, port.shape[1] or 1, *size) if len(port.shape) == 4 else (1,)


def _files(wanted: PlanRequest) -> tuple[Path, Path]:
    """Where such a plan is kept, by flavour, version, device and graph; and what was timed there, for all graphs."""
    own = f"{wanted.device}-{wanted.multiprocessors}"
    device = own if wanted.device else "+".join(wanted.compute_capabilities)
    machine = re.sub(r"[^A-Za-z0-9.+-]", "_", f"{wanted.flavour}-{wanted.version}-{device}")
    folder = cache_home() / "plans"
    return folder / f"{machine}-{wanted.source_sha256[:24]}.plan", folder / f"{machine}.timings"
