from compiler.frontend.onnx import *
