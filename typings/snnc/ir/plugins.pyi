from compiler.ir.plugins import *
