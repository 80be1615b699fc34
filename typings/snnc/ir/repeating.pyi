from compiler.ir.repeating import *
