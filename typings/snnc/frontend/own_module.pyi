from compiler.frontend.own_module import *
