from compiler.frontend.onnx.quantizers import *
