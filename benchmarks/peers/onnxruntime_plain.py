"""onnxruntime as it comes, on an ONNX graph.

python onnxruntime_plain.py GRAPH.onnx FRAME.npy OUT.npy THREADS
"""

import sys

import numpy as np
import onnxruntime
from serve import serve

graph, frame, out, threads = sys.argv[1], np.load(sys.argv[2]), sys.argv[3], int(sys.argv[4])
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = threads
# Its threads would go on spinning in the others' turns.
options.add_session_config_entry("session.force_spinning_stop", "1")
session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
serve(lambda: session.run(None, {"frame": frame})[0], out)
