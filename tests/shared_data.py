"""Public test pictures and published weights that are not part of the repository; tests skip without them."""

from __future__ import annotations

from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "shared"
PICTURES = FOLDER / "data" / "sr"
TRIPLETS = FOLDER / "data" / "vfi"
WEIGHTS = FOLDER / "weights"

needs_shared = pytest.mark.skipif(not PICTURES.is_dir(), reason=f"the public test data is not at {FOLDER}")
