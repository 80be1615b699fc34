from compiler.ir.sharing import *
