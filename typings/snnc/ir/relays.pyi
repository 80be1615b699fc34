from compiler.ir.relays import *
