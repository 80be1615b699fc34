from compiler.sim.fast.workspace import *
