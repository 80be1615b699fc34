from compiler.ir.retiming import *
