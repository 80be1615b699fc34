from compiler.frontend.onnx.translation import *
