from compiler.ir.program_file import *
