from compiler.sim import *
