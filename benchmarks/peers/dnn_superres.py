"""OpenCV's dnn_superres, from BGR to BGR, with weights of its own.

    python dnn_superres.py FSRCNN_x2.pb FRAME.npy OUT THREADS

Of FRAME only the size is taken; what is made is not written to OUT, for it is not the same picture.
"""

import sys

import cv2
import numpy as np
from serve import serve

weights, frame, threads = sys.argv[1], np.load(sys.argv[2]), int(sys.argv[4])
cv2.setNumThreads(threads)
network = cv2.dnn_superres.DnnSuperResImpl_create()  # type: ignore[attr-defined]
network.readModel(weights)
network.setModel("fsrcnn", 2)
picture = np.random.default_rng(0).integers(0, 256, (*frame.shape[2:], 3), np.uint8)
serve(lambda: network.upsample(picture))
