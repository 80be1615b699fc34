from compiler.ir.composition import *
