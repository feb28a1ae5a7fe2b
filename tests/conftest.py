"""Two workers on two cores must not start four threads each; set before torch and OpenCV are imported."""

from __future__ import annotations

import os
import tempfile

# What one developer's machine remembers must not decide what the tests see.
os.environ["POCKETLENS_CACHE"] = tempfile.mkdtemp(prefix="pocketlens-tests-")

if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
