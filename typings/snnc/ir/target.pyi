from compiler.ir.target import *
