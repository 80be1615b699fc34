from compiler.ir.text import *
