from compiler.frontend.onnx.proto import *
