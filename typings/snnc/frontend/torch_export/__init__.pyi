from compiler.frontend.torch_export import *
