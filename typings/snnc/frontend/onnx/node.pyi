from compiler.frontend.onnx.node import *
