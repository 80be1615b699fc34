from compiler.frontend.torch_save import *
