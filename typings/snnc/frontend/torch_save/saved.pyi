from compiler.frontend.torch_save.saved import *
