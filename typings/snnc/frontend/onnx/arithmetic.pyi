from compiler.frontend.onnx.arithmetic import *
