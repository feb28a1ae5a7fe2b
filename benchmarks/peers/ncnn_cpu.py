"""ncnn on the CPU, on a network in its own format.

    python ncnn_cpu.py NETWORK.param FRAME.npy OUT.npy THREADS

The weights are in NETWORK.bin.
"""

import sys

import ncnn  # type: ignore[import-not-found]
import numpy as np
from serve import serve

param, frame, out, threads = sys.argv[1], np.load(sys.argv[2]), sys.argv[3], int(sys.argv[4])
network = ncnn.Net()
network.opt.num_threads = threads
network.opt.use_vulkan_compute = False
# Two and a half digits of bf16 or fp16 are another picture.
network.opt.use_fp16_packed = network.opt.use_fp16_storage = network.opt.use_fp16_arithmetic = False
network.opt.use_bf16_storage = False
network.load_param(param)
network.load_model(param.removesuffix(".param") + ".bin")
(first,), (last,) = network.input_names(), network.output_names()


def call():
    """One picture."""
    with network.create_extractor() as extractor:
        extractor.input(first, ncnn.Mat(frame[0]))
        return np.array(extractor.extract(last)[1])


serve(call, out)
