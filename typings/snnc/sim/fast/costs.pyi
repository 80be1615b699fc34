from compiler.sim.fast.costs import *
