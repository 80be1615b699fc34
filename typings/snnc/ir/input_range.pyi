from compiler.ir.input_range import *
