from compiler.frontend.torch_save.own_module import *
