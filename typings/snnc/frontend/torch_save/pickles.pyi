from compiler.frontend.torch_save.pickles import *
