from compiler.frontend.tensors import *
