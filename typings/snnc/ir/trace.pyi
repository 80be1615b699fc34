from compiler.ir.trace import *
