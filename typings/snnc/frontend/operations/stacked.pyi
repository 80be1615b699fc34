from compiler.frontend.operations.stacked import *
