from compiler.frontend.pickled_module import *
