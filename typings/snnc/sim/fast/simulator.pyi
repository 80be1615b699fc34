from compiler.sim.fast.simulator import *
