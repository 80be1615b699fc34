from compiler.ir.overflow import *
