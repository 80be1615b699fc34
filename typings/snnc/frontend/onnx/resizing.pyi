from compiler.frontend.onnx.resizing import *
