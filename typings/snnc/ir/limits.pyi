from compiler.ir.limits import *
