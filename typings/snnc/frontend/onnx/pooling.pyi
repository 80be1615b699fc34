from compiler.frontend.onnx.pooling import *
