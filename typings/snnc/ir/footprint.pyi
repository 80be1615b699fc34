from compiler.ir.footprint import *
