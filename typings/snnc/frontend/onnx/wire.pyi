from compiler.frontend.onnx.wire import *
