from compiler.frontend.operations.call import *
