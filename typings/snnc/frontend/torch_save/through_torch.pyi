from compiler.frontend.torch_save.through_torch import *
