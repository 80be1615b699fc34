from compiler.ir.empty import *
