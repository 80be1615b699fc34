from compiler.ir.input_grid import *
