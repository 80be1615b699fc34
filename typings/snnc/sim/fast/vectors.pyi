from compiler.sim.fast.vectors import *
