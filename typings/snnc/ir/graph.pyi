from compiler.ir.graph import *
