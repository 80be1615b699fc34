from compiler.frontend.torch_save.pickled_module import *
