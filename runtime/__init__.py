"""Running a bundle: sessions, engines, video. Imports no torch."""

from .frame import Frame
from .session import Session

__all__ = ["Frame", "Session"]
