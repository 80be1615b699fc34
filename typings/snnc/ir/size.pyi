from compiler.ir.size import *
