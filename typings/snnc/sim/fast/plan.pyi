from compiler.sim.fast.plan import *
