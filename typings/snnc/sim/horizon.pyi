from compiler.sim.horizon import *
