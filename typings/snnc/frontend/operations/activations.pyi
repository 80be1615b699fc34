from compiler.frontend.operations.activations import *
