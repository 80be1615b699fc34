from compiler.ir.memory import *
