from compiler.frontend.onnx.layers import *
