from compiler.ir.delays import *
