from compiler.ir.dynamics import *
