from compiler.sim.fast.pools import *
