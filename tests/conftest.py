"""What tests must not take from where they were started; set before torch and OpenCV are imported."""

from __future__ import annotations

import os
import signal
import tempfile

# What one developer's machine remembers must not decide what the tests see.
os.environ["POCKETLENS_CACHE"] = tempfile.mkdtemp(prefix="pocketlens-tests-")

# Shells start jobs in the background deaf to Ctrl-C, and so all that these start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Two workers on two cores must not start four threads each.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
