"""From a trained estimator to an ONNX graph that is proved to say the same."""
