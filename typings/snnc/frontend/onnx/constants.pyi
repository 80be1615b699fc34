from compiler.frontend.onnx.constants import *
