from compiler.ir.extent import *
