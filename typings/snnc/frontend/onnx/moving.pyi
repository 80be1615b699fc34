from compiler.frontend.onnx.moving import *
