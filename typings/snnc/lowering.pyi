from compiler.lowering import *
