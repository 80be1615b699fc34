from compiler.frontend.torch_save.live_module import *
