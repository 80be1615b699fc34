from compiler.ir.projection_validation import *
