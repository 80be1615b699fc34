"""ONNX models: files of the Open Neural Network Exchange, translated to the operations of PyTorch."""
