from compiler.frontend.operations.foreign import *
