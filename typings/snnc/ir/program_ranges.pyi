from compiler.ir.program_ranges import *
