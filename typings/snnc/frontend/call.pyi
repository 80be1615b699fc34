from compiler.frontend.call import *
