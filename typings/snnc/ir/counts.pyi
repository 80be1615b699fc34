from compiler.ir.counts import *
