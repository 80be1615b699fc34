from compiler.sim.fast.warming import *
