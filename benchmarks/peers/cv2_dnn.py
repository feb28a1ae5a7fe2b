"""OpenCV's own network engine on an ONNX graph.

python cv2_dnn.py GRAPH.onnx FRAME.npy OUT.npy THREADS
"""

import sys

import cv2
import numpy as np
from serve import serve

graph, frame, out, threads = sys.argv[1], np.load(sys.argv[2]), sys.argv[3], int(sys.argv[4])
cv2.setNumThreads(threads)
network = cv2.dnn.readNetFromONNX(graph)


def call():
    """One picture."""
    network.setInput(frame)
    return network.forward()


serve(call, out)
