from compiler.sim.fast.tables import *
