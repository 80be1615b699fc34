from compiler.ir.program import *
