from compiler.ir.validation import *
