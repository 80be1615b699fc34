from compiler.frontend.onnx.windows import *
