from compiler.ir.ranged import *
