from compiler.sim.fast.horizon import *
