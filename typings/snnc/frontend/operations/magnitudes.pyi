from compiler.frontend.operations.magnitudes import *
