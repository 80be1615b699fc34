from compiler.frontend.operations.rearranging import *
