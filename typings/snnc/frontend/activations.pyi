from compiler.frontend.activations import *
