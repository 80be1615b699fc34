from compiler.frontend.onnx.answers import *
