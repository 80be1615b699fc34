from compiler.frontend.operations.outputs import *
