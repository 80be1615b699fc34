from compiler.ir.program_reader import *
