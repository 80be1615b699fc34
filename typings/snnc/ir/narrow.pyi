from compiler.ir.narrow import *
