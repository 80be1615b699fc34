from compiler.frontend.onnx.program import *
