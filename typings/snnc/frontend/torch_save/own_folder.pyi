from compiler.frontend.torch_save.own_folder import *
