from compiler.sim.fast.__main__ import *
