"""From a trained network to files that run elsewhere: ONNX graphs, TensorRT plans, bundles."""
