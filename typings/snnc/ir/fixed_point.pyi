from compiler.ir.fixed_point import *
