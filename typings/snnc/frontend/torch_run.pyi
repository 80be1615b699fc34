from compiler.frontend.torch_run import *
