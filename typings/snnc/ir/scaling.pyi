from compiler.ir.scaling import *
