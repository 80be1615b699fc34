from compiler.frontend.operations.layers import *
