from compiler.frontend.operations.piecewise import *
