from compiler.sim.fast.phases import *
