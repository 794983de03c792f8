"""NIR and ONNX files in and out, and the float reference of a network."""
