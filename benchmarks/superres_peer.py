"""OpenCV's dnn_superres, in an environment of its own: upscales one fixed picture each time a line comes in.

    python superres_peer.py FSRCNN_x2.pb HEIGHT WIDTH THREADS

Needs opencv-contrib-python and nothing else; prints the milliseconds of each call.
"""

import sys
import time

import cv2
import numpy as np


def main() -> None:
    """Answer each line on standard input with the milliseconds of one call."""
    weights, height, width, threads = sys.argv[1], *map(int, sys.argv[2:5])
    cv2.setNumThreads(threads)
    network = cv2.dnn_superres.DnnSuperResImpl_create()  # type: ignore[attr-defined]
    network.readModel(weights)
    network.setModel("fsrcnn", 2)
    picture = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    for _ in sys.stdin:
        start = time.perf_counter()
        network.upsample(picture)
        print((time.perf_counter() - start) * 1e3, flush=True)


if __name__ == "__main__":
    main()
