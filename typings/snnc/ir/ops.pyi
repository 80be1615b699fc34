from compiler.ir.ops import *
