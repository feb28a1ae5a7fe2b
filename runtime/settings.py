"""What can be set before a model is loaded, by key."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..core.catalog import ENGINES
from ..core.errors import BadInput, MachineCannot, nearest, told
from .choose import AUTO, PRECISIONS
from .inbetween import HOLD, check_cut
from .status import Refused, Status, refusing
from .timing import timing_for

Value = int | float | str
_INT32 = 1 << 31
_LONGEST_QUEUE = 1000
KEEP_ALL, KEEP_NEWEST = "all", "newest"
_DEVICES = (AUTO, "cpu", "gpu")


@dataclass(frozen=True)
class Setting:
    """One key: the value that it has unasked, the kinds that it takes, and what refuses a wrong one."""

    default: Value
    kinds: tuple[type, ...]
    """Where a number is taken, a whole one is too."""
    check: Callable[[Any], object]
    """Raises BadInput or MachineCannot for a value of those kinds that cannot be used."""


def _at_least(least: int, most: int = _INT32 - 1) -> Callable[[int], None]:
    def check(value: int) -> None:
        if not least <= value <= most:
            raise BadInput(f"{value} is not from {least} to {most}")

    return check


def _not_negative(value: float) -> None:
    if value < 0:
        raise BadInput(f"{value:g} is below 0")


def _one_of(*known: str) -> Callable[[str], None]:
    def check(value: str) -> None:
        if value not in known:
            raise BadInput(f"'{value}' is unknown; {nearest(value, known)}")

    return check


def _engine(name: str) -> None:
    if name != AUTO:
        ENGINES.get(name)


def _device(name: str) -> None:
    if name not in _DEVICES:
        raise MachineCannot(f"device: no engine here runs on '{name}'; known: {', '.join(_DEVICES)}")


def _factor(value: int) -> None:
    if value != 0:
        timing_for(value, None)


def _rate(value: float | str) -> None:
    if value != 0:
        timing_for(None, value)


SETTINGS: Mapping[str, Setting] = {
    "engine": Setting(AUTO, (str,), _engine),
    "precision": Setting(AUTO, (str,), _one_of(AUTO, *PRECISIONS)),
    "device": Setting(AUTO, (str,), _device),
    "threads": Setting(0, (int,), _at_least(0)),
    "tile": Setting(0, (int,), _at_least(0)),
    "factor": Setting(0, (int,), _factor),
    "fps": Setting(0.0, (float, str), _rate),
    "cut": Setting(HOLD, (str,), check_cut),
    "queue": Setting(4, (int,), _at_least(1, _LONGEST_QUEUE)),
    "keep": Setting(KEEP_ALL, (str,), _one_of(KEEP_ALL, KEEP_NEWEST)),
    "budget": Setting(0.0, (float,), _not_negative),
}
"""Every key. A number of 0 leaves the choice to the model."""


def accept(key: Any, value: Any, kind: type) -> Value:
    """A value for `key` that was set as one of `kind`; whether it can be used, `check` says.

    Raises Refused for an unknown key, one of another kind, and what is no 32-bit number or finite one.
    """
    setting = SETTINGS.get(key) if isinstance(key, str) else None
    if setting is None:
        raise Refused(Status.BAD_KEY, f"no setting {told(key)}; {nearest(told(key), SETTINGS)}")
    if kind is int and int not in setting.kinds and float in setting.kinds:
        kind = float
    if kind not in setting.kinds:
        kinds = " or ".join(one.__name__ for one in setting.kinds)
        raise Refused(Status.BAD_KEY, f"{key} is set as {kinds}, not {kind.__name__}")
    whole = isinstance(value, int) and not isinstance(value, bool)
    if kind is float and (isinstance(value, float) or whole) and math.isfinite(value):
        return float(value)
    if (kind is int and whole and -_INT32 <= value < _INT32) or (kind is str and isinstance(value, str)):
        return value
    raise Refused(Status.BAD_VALUE, f"{key} takes no such {kind.__name__}")


def kind_of(value: Any) -> type:
    """The kind that a value is set as, where none is said."""
    return next((kind for kind in (int, float, str) if isinstance(value, kind)), type(value))


def check(settings: Mapping[str, Value]) -> None:
    """Raise Refused, or MachineCannot, naming the first key whose value cannot be used."""
    for key, value in settings.items():
        with refusing(Status.BAD_VALUE, f"{key}: "):
            SETTINGS[key].check(value)
