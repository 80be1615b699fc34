from compiler.sim.fast import *
