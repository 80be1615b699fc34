from compiler.frontend.torch_export.torch_run import *
