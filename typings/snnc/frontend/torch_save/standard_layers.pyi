from compiler.frontend.torch_save.standard_layers import *
