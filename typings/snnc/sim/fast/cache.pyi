from compiler.sim.fast.cache import *
