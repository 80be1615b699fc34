from compiler.frontend.torch_save.checkpoints import *
