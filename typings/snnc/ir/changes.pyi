from compiler.ir.changes import *
